using ReWorker.Consuming;
using ReWorker.Topology;

namespace ReWorker.Supervision;

/// <summary>
/// Asks the broker, on a channel of its own, whether jobs are really consumed. A consumer that the broker counts but
/// never serves looks alive from here; what gives it away is a queue with jobs beside an idle worker.
/// </summary>
internal sealed class ConsumptionProbe(
    TopologyBuilder topology, HealthState health, Instruments instruments, IOptions<BrokerOptions> options,
    TimeProvider time)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(4);

    // a worker is reconnected after so many probes in a row found it idle, or without a consumer
    private const int IdleProbesBeforeReconnect = 2;
    // the same for a consumer that was never served: it may be second in line on a queue with a single active consumer,
    // or dead from the start; reconnecting every two minutes costs neither anything
    private const int UnservedProbesBeforeReconnect = 30;
    // a probe opens a channel, asks, and closes it; each may take its time over a slow link
    private const int CallsPerProbe = 3;
    // queues and bindings are declared again once in so many probes, in case somebody has deleted them
    private const int ProbesPerDeclaration = 15;

    /// <summary>
    /// How many probes the ledger remembers a job whose delivery died. The broker redelivers a message as soon as it
    /// knows that the connection is dead: after three heartbeats at most. A cluster that lost a node needs 75 s to be
    /// sure of it, and RabbitMQ 4.3 keeps the node's messages for 60 s more.
    /// </summary>
    internal static int MaxStaleSweeps(TimeSpan heartbeat) => (int)Math.Max(40, 4 * heartbeat / Interval);

    public async Task RunAsync(EpochConsumers consumers)
    {
        var epoch = consumers.Epoch;
        var idle = new Dictionary<Consumer, Idleness>();
        var unreadable = new HashSet<Consumer>();
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            for (var probe = 1; probe is 1 || await timer.WaitForNextTickAsync(epoch.Ended); probe++)
            {
                await BoundedAsync(epoch, "probing the queues", token => ProbeAsync(consumers, idle, token));
                foreach (var consumer in consumers.All.Except(unreadable).ToList())
                {
                    await BoundedAsync(epoch, "counting the parked jobs", async token =>
                    {
                        if (!await TryCountParkedAsync(epoch, consumer, token)) unreadable.Add(consumer);
                    });
                }
                if (probe % ProbesPerDeclaration != 0) continue;
                foreach (var consumer in consumers.All) await DeclareAgainAsync(epoch, consumer);
                unreadable.Clear();
            }
        }
        catch (Exception e)
        {
            // without effect if the epoch has already ended
            epoch.End(new Loss(LossReason.Channel, e.Message));
        }
    }

    private readonly record struct Idleness(long Received, int Probes);

    private async Task ProbeAsync(
        EpochConsumers consumers, Dictionary<Consumer, Idleness> idle, CancellationToken cancel)
    {
        var epoch = consumers.Epoch;
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel);
        foreach (var consumer in consumers.All)
        {
            var runner = consumer.Runner;
            var queue = await channel.QueueDeclarePassiveAsync(runner.Queue, cancel);
            // if a quorum queue's leader does not answer within 250 ms, the node reports neither messages nor consumers
            var isGone = queue.ConsumerCount == 0;
            if (!isGone || queue.MessageCount > 0) instruments.SetQueueLength(runner.Queue, queue.MessageCount);
            // a stopping worker has no consumer left, and still needs the channel to acknowledge running jobs
            if (consumers.IsStopping) return;
            runner.Ledger.RemoveStale(MaxStaleSweeps(options.Value.Heartbeat));

            var before = idle.GetValueOrDefault(consumer);
            var isIdle = queue.MessageCount > 0 && consumer.Unsettled < runner.Prefetch && runner.HasFreeSlot;
            var probes = (isGone || isIdle) && consumer.Received == before.Received ? before.Probes + 1 : 0;
            idle[consumer] = new Idleness(consumer.Received, probes);
            var wasServed = isGone || consumer.Received > 0;
            var stuck = $"{queue.MessageCount} ready jobs, none is delivered";
            if (probes >= (wasServed ? IdleProbesBeforeReconnect : UnservedProbesBeforeReconnect))
            {
                var detail = $"{runner.Queue}: {stuck}; the broker counts {queue.ConsumerCount} consumers";
                epoch.End(new Loss(LossReason.NotConsuming, detail));
                return;
            }
            if (!isGone) health.Set(HealthState.Queue(runner.Queue), probes == 0, probes == 0 ? "consuming" : stuck);
        }
    }

    // nobody reports a dead-letter queue or a binding that was deleted: no consumer is cancelled, no channel closed;
    // declaring them again does nothing where they exist
    private async Task DeclareAgainAsync(Epoch epoch, Consumer consumer)
    {
        try
        {
            await BoundedAsync(epoch, "declaring the queues again",
                token => topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token));
        }
        catch (TimeoutException)
        {
            // a cluster without its majority cannot answer, but may serve the queue all the same: try again later
        }
    }

    // false if the queue is missing or the user may not see it; the log said so at the start
    private async Task<bool> TryCountParkedAsync(Epoch epoch, Consumer consumer, CancellationToken cancel)
    {
        var queue = Names.DeadQueue(consumer.Runner.Queue);
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel);
        try
        {
            instruments.SetQueueLength(queue, (await channel.QueueDeclarePassiveAsync(queue, cancel)).MessageCount);
            return true;
        }
        catch (OperationInterruptedException e)
            when (e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && epoch.ConsumeConnection.IsOpen)
        {
            return false;
        }
    }

    private Task BoundedAsync(Epoch epoch, string what, Func<CancellationToken, Task> call) =>
        Deadline.RunAsync(call, CallsPerProbe * options.Value.ConnectTimeout, what, time, epoch.Ended);
}
