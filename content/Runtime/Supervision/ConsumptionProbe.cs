using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Telemetry;
using ReWorker.Topology;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;

namespace ReWorker.Supervision;

/// <summary>
/// Asks the broker, on a channel of its own, whether jobs really flow. A consumer that the broker counts and never serves
/// looks alive from here; what tells is a queue with jobs beside a worker with nothing to do.
/// </summary>
internal sealed class ConsumptionProbe(TopologyBuilder topology, HealthState health, Instruments instruments, IOptions<BrokerOptions> options, TimeProvider time)
{
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    /// <summary>So many looks in a row must find a worker idle beside waiting jobs, or no consumer.</summary>
    private const int Patience = 2;

    /// <summary>
    /// One that was never served may be second in line for a queue with a single active consumer, and has to wait; but a consumer may also
    /// be dead from birth. To ask for the place anew every two minutes costs neither anything.
    /// </summary>
    private const int PatienceUnserved = 30;

    /// <summary>A look opens a channel, asks, and closes it; over a slow link each may take its time.</summary>
    private const int Questions = 3;

    /// <summary>Once in so many looks: what somebody deletes must not stay away until the next reconnect.</summary>
    private const int LooksATopology = 15;

    /// <summary>
    /// A message that was in hand when a connection died comes again as soon as the broker knows that it is dead, or never. A silent line it
    /// gives up after three heartbeats at most. A cluster that lost the node in between needs 75 s to be sure that a silent one is gone,
    /// and from 4.3 on keeps for 60 s more what was in hand there.
    /// </summary>
    internal static int SweepsFor(TimeSpan heartbeat) => (int)Math.Max(40, 4 * heartbeat / Pause);

    public async Task RunAsync(EpochConsumers taking)
    {
        var epoch = taking.Epoch;
        var idle = new Dictionary<Consumer, (long Received, int Looks)>();
        var missing = new HashSet<string>();
        try
        {
            using var timer = new PeriodicTimer(Pause, time);
            for (var look = 0; look is 0 || await timer.WaitForNextTickAsync(epoch.Ended).ConfigureAwait(false); look++)
            {
                Alarm(epoch);
                await Deadline.RunAsync(token => LookAsync(taking, idle, token), Questions * options.Value.ConnectTimeout, "the look at the queue", time, epoch.Ended).ConfigureAwait(false);
                foreach (var dead in taking.All.Select(one => Names.DeadQueue(one.Runner.Queue)).Where(one => !missing.Contains(one)))
                {
                    var there = await Deadline.RunAsync(token => CountAsync(epoch, dead, token), Questions * options.Value.ConnectTimeout, "the look at the parked jobs", time, epoch.Ended).ConfigureAwait(false);
                    if (!there) missing.Add(dead);
                }
                if (look % LooksATopology != LooksATopology - 1) continue;
                foreach (var consumer in taking.All) await RenewAsync(epoch, consumer).ConfigureAwait(false);
                missing.Clear();
            }
        }
        catch (Exception) when (epoch.Ended.IsCancellationRequested)
        {
            // the supervisor says why
        }
        catch (Exception e)
        {
            epoch.End(new Loss(LossReason.Channel, e.Message));
        }
    }

    private async Task LookAsync(EpochConsumers taking, Dictionary<Consumer, (long Received, int Looks)> idle, CancellationToken cancel)
    {
        var epoch = taking.Epoch;
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        foreach (var consumer in taking.All)
        {
            var queue = await channel.QueueDeclarePassiveAsync(consumer.Runner.Queue, cancel).ConfigureAwait(false);
            // a quorum queue whose leader does not answer within the quarter of a second that a node waits has, by its word, neither
            var isGone = queue.ConsumerCount == 0;
            if (!isGone || queue.MessageCount > 0) instruments.Found(consumer.Runner.Queue, queue.MessageCount);
            // whoever stops has no consumer left, and still needs the channel to acknowledge what ends meanwhile
            if (taking.IsStopping) return;
            consumer.Runner.Ledger.RemoveStale(SweepsFor(options.Value.Heartbeat));
            var before = idle.GetValueOrDefault(consumer);
            var isIdle = queue.MessageCount > 0 && consumer.Unsettled < consumer.Runner.Prefetch && consumer.Runner.HasFreeSlot;
            var looks = (isGone || isIdle) && consumer.Received == before.Received ? before.Looks + 1 : 0;
            idle[consumer] = (consumer.Received, looks);

            if (looks >= (isGone || consumer.Received > 0 ? Patience : PatienceUnserved))
            {
                epoch.End(new Loss(LossReason.NotConsuming, $"{consumer.Runner.Queue}: {queue.MessageCount} jobs wait and none is delivered, {queue.ConsumerCount} consumers by the broker's count"));
                return;
            }
            if (isGone) continue;
            health.Set(HealthState.Queue(consumer.Runner.Queue), looks == 0, looks == 0 ? "jobs flow" : $"{queue.MessageCount} jobs wait and none is delivered");
        }
    }

    /// <summary>
    /// A dead-letter queue or a binding that somebody deleted is told by nobody: no consumer is cancelled, no channel closed. They are
    /// declared again, which does nothing where they are there.
    /// </summary>
    private async Task RenewAsync(Epoch epoch, Consumer consumer)
    {
        try
        {
            await Deadline.RunAsync(
                async token => await topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token).ConfigureAwait(false),
                Questions * options.Value.ConnectTimeout, "declaring the queues anew", time, epoch.Ended).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // a cluster without its majority can't say, and may serve the queue all the same: asked again later
        }
    }

    /// <summary>False if the queue is missing, or not this user's to see: the log has said so at the start.</summary>
    private async Task<bool> CountAsync(Epoch epoch, string queue, CancellationToken cancel)
    {
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        try
        {
            instruments.Found(queue, (await channel.QueueDeclarePassiveAsync(queue, cancel).ConfigureAwait(false)).MessageCount);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && epoch.ConsumeConnection.IsOpen)
        {
            return false;
        }
    }

    private void Alarm(Epoch epoch) => health.Set(HealthState.Broker, !epoch.Alarm.IsRaised, epoch.Alarm.IsRaised ? $"it blocks publishers: {epoch.Alarm.Reason}" : "takes messages");
}
