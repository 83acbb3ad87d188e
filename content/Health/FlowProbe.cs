using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Options;
using ReWorker.Supervision;

namespace ReWorker.Health;

/// <summary>
/// Asks the broker, on a channel of its own, whether jobs really flow. A consumer that the broker counts and never serves
/// looks alive from here; what tells is a queue with jobs beside a worker with nothing to do.
/// </summary>
internal sealed class FlowProbe(HealthState health, IOptions<BrokerOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    /// <summary>So many looks in a row must find a worker idle beside waiting jobs.</summary>
    private const int Patience = 2;

    /// <summary>A look opens a channel, asks, and closes it; over a slow link each may take its time.</summary>
    private const int Questions = 3;

    /// <summary>A message that was in hand when a connection died comes again at once, or never.</summary>
    private const int LedgerSweeps = 15;

    public async Task RunAsync(Epoch epoch)
    {
        var idle = new Dictionary<Consumer, (long Received, int Looks)>();
        try
        {
            using var timer = new PeriodicTimer(Pause, time);
            do
            {
                Alarm(epoch);
                await Deadline.RunAsync(token => LookAsync(epoch, idle, token), Questions * options.Value.ConnectTimeout, "the look at the queue", time, epoch.Ended).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(epoch.Ended).ConfigureAwait(false));
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

    private async Task LookAsync(Epoch epoch, Dictionary<Consumer, (long Received, int Looks)> idle, CancellationToken cancel)
    {
        await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        foreach (var consumer in epoch.Consumers)
        {
            var queue = await channel.QueueDeclarePassiveAsync(consumer.Runner.Queue, cancel).ConfigureAwait(false);
            consumer.Runner.Ledger.Sweep(LedgerSweeps);
            var before = idle.GetValueOrDefault(consumer);
            var isStarved = queue.MessageCount > 0 && consumer.Received == before.Received && consumer.Unsettled < consumer.Runner.Prefetch && consumer.Runner.HasFreeSlot;
            var looks = isStarved ? before.Looks + 1 : 0;
            idle[consumer] = (consumer.Received, looks);

            // one that was never served may be second in line for a queue with a single active consumer: it has to wait
            if ((looks >= Patience && consumer.Received > 0) || queue.ConsumerCount == 0)
            {
                epoch.End(new Loss(LossReason.NotConsuming, $"{consumer.Runner.Queue}: {queue.MessageCount} jobs wait and none is delivered, {queue.ConsumerCount} consumers by the broker's count"));
                return;
            }
            health.Set($"queue {consumer.Runner.Queue}", looks == 0, looks == 0 ? "jobs flow" : $"{queue.MessageCount} jobs wait and none is delivered");
        }
    }

    private void Alarm(Epoch epoch) => health.Set("broker", !epoch.Alarm.IsRaised, epoch.Alarm.IsRaised ? $"it blocks publishers: {epoch.Alarm.Reason}" : "takes messages");
}
