using ReWorker.Running;
using ReWorker.Wire.Contract;

namespace ReWorker.Topology;

/// <summary>How the queues are declared, and consumed from.</summary>
internal static class QueueArguments
{
    /// <summary>
    /// The broker's last net, for a job that kills every worker before it can be answered. The worker itself gives up
    /// earlier (<c>Worker:MaxAttempts</c>); it must be the first, since the broker can't tell the requester.
    /// </summary>
    private const int DeliveryLimit = 2000;

    /// <summary>The longest that the broker's timers can do.</summary>
    private const long MostMilliseconds = uint.MaxValue;

    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    public static readonly IDictionary<string, object?> DeadQueue = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = DeliveryLimit };

    public static IDictionary<string, object?> JobQueue(string deadQueue) => new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = Names.DefaultExchange,
        ["x-dead-letter-routing-key"] = deadQueue,
        // a dead letter is confirmed by its queue before the original goes; that needs this overflow
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    /// <summary>A delivery may wait for a slot as often as there are rounds in a prefetch, and each round may take the time limit.</summary>
    public static IDictionary<string, object?> ForConsumer(Runner runner)
    {
        var rounds = (runner.Prefetch / runner.Options.Concurrency) + 2;
        return new Dictionary<string, object?> { ["x-consumer-timeout"] = (long)Math.Min(((runner.Options.TimeLimit * rounds) + Margin).TotalMilliseconds, MostMilliseconds) };
    }
}
