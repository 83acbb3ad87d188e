using ReWorker.Topology;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The arguments of queues, and a consumer timeout that no job of the worker can exceed.</summary>
public sealed class QueueArgumentsTests
{
    [Fact]
    public void JobQueue_OfAWorker_LosesNoJob() => Assert.Equal(
        new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = 2000,
            ["x-dead-letter-exchange"] = "",
            ["x-dead-letter-routing-key"] = "worker.a.dead",
            ["x-dead-letter-strategy"] = "at-least-once",
            ["x-overflow"] = "reject-publish",
        },
        QueueArguments.JobQueue("worker.a.dead"));

    [Fact]
    public void DeadQueue_OfAnyWorker_KeepsItsJobs() => Assert.Equal(
        new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 2000 },
        QueueArguments.DeadQueue);

    /// <summary>
    /// The last of a prefetch waits until the others have run in the slots that there are, and then runs itself.
    /// </summary>
    [Theory]
    [InlineData(64, 16, "01:00:00", (6 * 60) + 5)]
    [InlineData(63, 16, "01:00:00", (5 * 60) + 5)]
    [InlineData(1, 1, "00:01:00", 3 + 5)]
    [InlineData(1, 16, "00:01:00", 2 + 5)]
    public void ConsumerTimeout_OfAWorker_AllowsAllRoundsOfAPrefetch(
        int prefetch, int concurrency, string timeLimit, int minutes)
    {
        Assert.Equal(minutes * 60_000L, Timeout(prefetch, concurrency, timeLimit));
    }

    /// <summary>The broker's timers end at 2^32 - 1 ms: it would reject more.</summary>
    [Fact]
    public void ConsumerTimeout_BeyondTheBrokersLimit_IsTheLimit() =>
        Assert.Equal(4_294_967_295L, Timeout(prefetch: 256, concurrency: 1, "24.00:00:00"));

    private static long Timeout(int prefetch, int concurrency, string timeLimit)
    {
        using var worker = new TestRunner(options: new WorkerOptions
        {
            Queue = "a", Prefetch = prefetch, Concurrency = concurrency,
            TimeLimit = TimeSpan.Parse(timeLimit, System.Globalization.CultureInfo.InvariantCulture),
        });
        return Assert.IsType<long>(Assert.Single(QueueArguments.ForConsumer(worker.Runner)).Value);
    }
}
