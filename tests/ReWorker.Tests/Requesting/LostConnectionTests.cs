using Microsoft.Extensions.Time.Testing;
using My.Step_1.Tests;
using ReWorker.Client;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A requester that loses its connection, or that starts before the broker.</summary>
public sealed class LostConnectionTests(BrokerFixture broker) : RequesterTest(broker)
{
    // how the names of the client's two connections end
    private const string Publishes = "requester", Consumes = "requester, replies";

    [Fact]
    public async Task SendAsync_ConnectionClosedDuringTheJob_NoEventIsLostOrDoubled()
    {
        var closed = new TaskCompletionSource();
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            await turn.StatusAsync("""{"status":"started"}""", "s");
            for (var i = 0; i < 50; i++) await turn.OutputAsync($"line {i}", $"o{i}");
            await closed.Task;
            // sent while the requester has no connection
            for (var i = 50; i < 100; i++) await turn.OutputAsync($"line {i}", $"o{i}");
            await turn.StatusAsync("""{"status":"completed"}""", "c");
        });
        await using var wire = new TestWire(Broker.Amqp);
        await using var client = new JobClient(wire.Amqp.AbsoluteUri);

        var events = new List<JobEvent>();
        await foreach (var jobEvent in client.SendAsync(Job(worker), Cancel))
        {
            events.Add(jobEvent);
            if (events.Count != 20) continue;
            wire.Cut(Consumes);
            closed.SetResult();
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"line {i}"), Lines(events));
        Assert.Equal(102, events.Count);
        Assert.IsType<JobEvent.Completed>(events[^1]);
    }

    [Fact]
    public async Task SendAsync_ConnectionsClosedRepeatedly_EveryJobEndsOnce()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            var id = turn.Job.CorrelationId;
            await turn.StatusAsync("""{"status":"started"}""", id + "s");
            await turn.StatusAsync("""{"status":"completed"}""", id + "c");
        });
        await using var wire = new TestWire(Broker.Amqp);
        await using var client = new JobClient(wire.Amqp.AbsoluteUri);

        var (isOver, ended) = (false, 0);
        var jobs = Parallel.ForAsync(0, 10, Cancel, async (_, cancel) =>
        {
            while (!isOver)
            {
                var events = await client.SendAsync(Job(worker), cancel).ToListAsync(cancel);
                Assert.Equal(["Started", "Completed"], events.Select(one => one.GetType().Name));
                Interlocked.Increment(ref ended);
            }
        });
        foreach (var connection in (string[])[Publishes, Consumes, Publishes])
        {
            var before = Volatile.Read(ref ended);
            await Until.TrueAsync(() => jobs.IsCompleted || ended > before + 10, "jobs go on");
            wire.Cut(connection);
        }
        isOver = true;

        await jobs;
    }

    /// <summary>Broker and worker start together, and the broker took longer than a queue is waited for.</summary>
    [Fact]
    public async Task SendAsync_QueueDeclaredSoonAfterTheBrokerStarts_IsWaitedFor()
    {
        await using var wire = new TestWire(Broker.Amqp);
        wire.Cut(stayDown: true);
        var time = new FakeTimeProvider();
        var options = new JobClientOptions { QueueTimeout = TimeSpan.FromHours(1) };
        var (client, troubles) = Client(time, wire.Amqp, options);
        await using var _ = client;
        var queue = BrokerFixture.UniqueQueue();
        var job = new JobRequest { Queue = queue, Timeout = TimeSpan.FromDays(1) };
        var running = client.RunAsync(job, Cancel);
        await ReportsAsync("refused");
        time.Advance(TimeSpan.FromHours(2));

        wire.Resume();
        await time.RunUntilAsync(ReportsAsync("does not exist"));
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, turn => turn.CompleteAsync(), queue);

        await time.RunUntilAsync(running);

        Task ReportsAsync(string text) =>
            Until.TrueAsync(() => troubles.Any(trouble => trouble.Contains(text, StringComparison.Ordinal)), text);
    }
}
