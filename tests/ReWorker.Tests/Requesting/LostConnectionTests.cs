using My.Step_1.Tests;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A requester that loses its connection, or that starts before the broker.</summary>
public sealed class LostConnectionTests(BrokerFixture broker) : RequesterTest(broker)
{
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
        await using var client = Client();

        var events = new List<JobEvent>();
        await foreach (var jobEvent in client.SendAsync(Job(worker), Cancel))
        {
            events.Add(jobEvent);
            if (events.Count != 20) continue;
            Assert.Equal(1, await CloseRequestersAsync(Consumes));
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
            await Task.Delay(20);
            await turn.StatusAsync("""{"status":"completed"}""", id + "c");
        });
        await using var client = Client();

        var isOver = false;
        var jobs = Parallel.ForAsync(0, 10, Cancel, async (_, cancel) =>
        {
            while (!isOver)
            {
                var events = await client.SendAsync(Job(worker), cancel).ToListAsync(cancel);
                Assert.Equal(["Started", "Completed"], events.Select(one => one.GetType().Name));
            }
        });
        var closed = 0;
        for (var i = 0; i < 4; i++) closed += await CloseRequestersAsync(i % 2 == 0 ? Publishes : Consumes);
        isOver = true;

        await jobs;
        Assert.True(closed > 1);
    }

    /// <summary>Broker and worker start together, and the broker took longer than a queue is waited for.</summary>
    [Fact]
    public async Task SendAsync_QueueDeclaredSoonAfterTheBrokerStarts_IsWaitedFor()
    {
        await using var wire = new Contract.TestWire(Broker.Amqp);
        wire.Cut(stayDown: true);
        var options = new JobClientOptions { QueueTimeout = TimeSpan.FromSeconds(2) };
        await using var client = new JobClient(wire.Amqp.AbsoluteUri, options);
        var queue = BrokerFixture.UniqueQueue();
        var running = client.RunAsync(new JobRequest { Queue = queue, Timeout = Patience }, Cancel);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);

        wire.Resume();
        await Task.Delay(TimeSpan.FromSeconds(0.5), Cancel);
        Assert.False(running.IsCompleted);
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, turn => turn.CompleteAsync(), queue);

        await running;
    }
}
