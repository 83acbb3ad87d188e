using ReWorker.Running;

namespace ReWorker.Topology;

/// <summary>The arguments with which queues are declared and consumed.</summary>
internal static class QueueArguments
{
    // the broker's safety net for a job that kills every worker before it can be answered; the worker gives up earlier
    // (Worker:MaxAttempts), and must, because the broker cannot tell the requester
    private const int DeliveryLimit = 2000;

    private const long MaxTimerMilliseconds = uint.MaxValue;
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    public static readonly IDictionary<string, object?> DeadQueue =
        new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = DeliveryLimit };

    public static IDictionary<string, object?> JobQueue(string deadQueue) => new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = Names.DefaultExchange,
        ["x-dead-letter-routing-key"] = deadQueue,
        // the dead-letter queue confirms a job before the original is dropped; that requires this overflow behaviour
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    // a delivery may wait for a slot for as many rounds as a prefetch has, and each round may take the time limit
    public static IDictionary<string, object?> ForConsumer(Runner runner)
    {
        var rounds = (runner.Prefetch / runner.Options.Concurrency) + 2;
        var timeout = (runner.Options.TimeLimit * rounds) + Margin;
        var milliseconds = (long)Math.Min(timeout.TotalMilliseconds, MaxTimerMilliseconds);
        return new Dictionary<string, object?> { ["x-consumer-timeout"] = milliseconds };
    }
}
