using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Telemetry;
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

    /// <summary>A worker is reconnected after so many probes in a row found it idle, or without a consumer.</summary>
    private const int IdleProbesBeforeReconnect = 2;

    /// <summary>
    /// The same for a consumer that was never served. It may be second in line on a queue with a single active consumer,
    /// or dead from the start. Reconnecting every two minutes costs neither anything.
    /// </summary>
    private const int UnservedProbesBeforeReconnect = 30;

    /// <summary>A probe opens a channel, asks, and closes it. Each may take its time over a slow link.</summary>
    private const int CallsPerProbe = 3;

    /// <summary>Queues and bindings are declared again once in so many probes, in case somebody has deleted them.</summary>
    private const int ProbesPerDeclaration = 15;

    private TimeSpan Timeout => CallsPerProbe * options.Value.ConnectTimeout;

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
        var unreadable = new HashSet<string>();
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            for (var probe = 1; probe is 1 || await timer.WaitForNextTickAsync(epoch.Ended); probe++)
            {
                ReportAlarm(epoch);
                await BoundedAsync(token => ProbeAsync(consumers, idle, token), "probing the queues", epoch);
                foreach (var consumer in consumers.All)
                {
                    var queue = Names.DeadQueue(consumer.Runner.Queue);
                    if (unreadable.Contains(queue)) continue;
                    await BoundedAsync(
                        token => CountParkedAsync(epoch, queue, unreadable, token), "counting the parked jobs", epoch);
                }
                if (probe % ProbesPerDeclaration != 0) continue;
                foreach (var consumer in consumers.All) await DeclareAgainAsync(epoch, consumer);
                unreadable.Clear();
            }
        }
        catch (Exception) when (epoch.Ended.IsCancellationRequested)
        {
            // the supervisor logs why
        }
        catch (Exception e)
        {
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
            var queue = await channel.QueueDeclarePassiveAsync(consumer.Runner.Queue, cancel);
            // if a quorum queue's leader does not answer within 250 ms, the node reports neither messages nor consumers
            var isGone = queue.ConsumerCount == 0;
            if (!isGone || queue.MessageCount > 0)
                instruments.SetQueueLength(consumer.Runner.Queue, queue.MessageCount);
            // a stopping worker has no consumer left, and still needs the channel to acknowledge running jobs
            if (consumers.IsStopping) return;
            consumer.Runner.Ledger.RemoveStale(MaxStaleSweeps(options.Value.Heartbeat));

            var before = idle.GetValueOrDefault(consumer);
            var isIdle = queue.MessageCount > 0 && consumer.Unsettled < consumer.Runner.Prefetch
                && consumer.Runner.HasFreeSlot;
            var probes = (isGone || isIdle) && consumer.Received == before.Received ? before.Probes + 1 : 0;
            idle[consumer] = new Idleness(consumer.Received, probes);
            var wasServed = isGone || consumer.Received > 0;
            if (probes >= (wasServed ? IdleProbesBeforeReconnect : UnservedProbesBeforeReconnect))
            {
                epoch.End(new Loss(LossReason.NotConsuming,
                    $"{consumer.Runner.Queue}: {queue.MessageCount} ready jobs, none is delivered; the broker counts "
                    + $"{queue.ConsumerCount} consumers"));
                return;
            }
            if (isGone) continue;
            var detail = probes == 0 ? "consuming" : $"{queue.MessageCount} ready jobs, none is delivered";
            health.Set(HealthState.Queue(consumer.Runner.Queue), probes == 0, detail);
        }
    }

    /// <summary>
    /// Nobody reports a dead-letter queue or a binding that was deleted: no consumer is cancelled, no channel closed.
    /// Declaring them again does nothing where they exist.
    /// </summary>
    private async Task DeclareAgainAsync(Epoch epoch, Consumer consumer)
    {
        try
        {
            await BoundedAsync(
                token => topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token),
                "declaring the queues again", epoch);
        }
        catch (TimeoutException)
        {
            // a cluster without its majority cannot answer, but may serve the queue all the same: try again later
        }
    }

    private async Task CountParkedAsync(
        Epoch epoch, string queue, HashSet<string> unreadable, CancellationToken cancel)
    {
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel);
        try
        {
            var count = (await channel.QueueDeclarePassiveAsync(queue, cancel)).MessageCount;
            instruments.SetQueueLength(queue, count);
        }
        catch (OperationInterruptedException e)
            when (e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && epoch.ConsumeConnection.IsOpen)
        {
            // it is missing, or the user may not see it; the log said so at the start
            unreadable.Add(queue);
        }
    }

    private Task BoundedAsync(Func<CancellationToken, Task> call, string what, Epoch epoch) =>
        Deadline.RunAsync(call, Timeout, what, time, epoch.Ended);

    private void ReportAlarm(Epoch epoch)
    {
        var isRaised = epoch.Alarm.IsRaised;
        var detail = isRaised ? $"blocks publishing: {epoch.Alarm.Reason}" : "accepts messages";
        health.Set(HealthState.Broker, !isRaised, detail);
    }
}
