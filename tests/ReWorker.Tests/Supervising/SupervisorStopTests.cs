using ReWorker.Health;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>A stop takes no more jobs, lets those end that run, and writes what they settled.</summary>
public sealed class SupervisorStopTests
{
    private readonly TaskCompletionSource<object?> _end = new();

    private Task<object?> Job(CancellationToken cancel) => _end.Task.WaitAsync(cancel);

    [Fact]
    public async Task Stop_WhileAJobRunsAndOneWaits_RequeuesOneAndLetsTheOtherEnd()
    {
        await using var workers = new SupervisedWorkers(["a", "b"], Job, concurrency: 1);
        await workers.ConnectAsync();
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        await workers.DeliverAsync(2);
        var (first, second) = (workers.Consumers[0], workers.Consumers[1]);

        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(() => first.CallsOf("BasicNackAsync").Any(), "the requeue");

        Assert.Equal([2ul, false, true], first.CallsOf("BasicNackAsync").Single().Take(3));
        Assert.Single(first.CallsOf("BasicCancelAsync"));
        Assert.Single(second.CallsOf("BasicCancelAsync"));
        Assert.Equal((false, "stopping"), workers.Part("worker"));
        Assert.Equal((false, "stopping"), workers.Part("queue worker.a"));
        Assert.Equal((false, "stopping"), workers.Part("queue worker.b"));
        Assert.True(workers.Health.IsConnected);
        Assert.False(workers.Health.IsReady);
        Assert.True(workers.Health.IsLive);
        Assert.False(stop.IsCompleted);
        Assert.Empty(first.CallsOf("BasicAckAsync"));

        _end.SetResult(null);
        await workers.Time.AdvanceUntilAsync(() => stop.IsCompleted, "the stop");
        await stop;

        Assert.Single(first.CallsOf("BasicAckAsync"), call => (ulong)call[0]! == 1);
        AssertClosed(workers);
        Assert.Equal("Stopped. 0 messages are unconfirmed; their jobs run again.", workers.Last(LogId.Stopped));
        Assert.DoesNotContain(workers.Metrics.Counted, counted => counted.Name.Contains("connect"));
        Assert.Equal(0, workers.Count(LogId.ConnectionLost));
    }

    [Fact]
    public async Task Stop_JobsOfTheSecondWorkerWait_RequeuesThem()
    {
        await using var workers = new SupervisedWorkers(["a", "b"], Job, concurrency: 1);
        await workers.ConnectAsync();
        await workers.DeliverAsync(1, consumer: 1);
        await Until.TrueAsync(() => workers.Runners[1].Running == 1, "the job");
        await workers.DeliverAsync(2, consumer: 1);
        var consumer = workers.Consumers[1];

        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(() => consumer.CallsOf("BasicNackAsync").Any(), "the requeue");
        Assert.False(stop.IsCompleted);
        _end.SetResult(null);
        await workers.Time.AdvanceUntilAsync(() => stop.IsCompleted, "the stop");
        await stop;

        Assert.Equal(2ul, consumer.CallsOf("BasicNackAsync").Single()[0]);
        Assert.Equal(1ul, consumer.CallsOf("BasicAckAsync").Single()[0]);
    }

    /// <summary>The acknowledgement of the last job is written before the connection is closed.</summary>
    [Fact]
    public async Task Stop_TheLastAcknowledgementIsSlow_WaitsForItBeforeItCloses()
    {
        await using var workers = new SupervisedWorkers(["a"], Job);
        var written = new TaskCompletionSource();
        await workers.ConnectAsync();
        workers.Broker.Waits["BasicAckAsync"] = written.Task;
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        _end.SetResult(null);
        await Until.TrueAsync(() => workers.Consumers[0].CallsOf("BasicAckAsync").Any(), "the acknowledgement");

        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(() => workers.Time.Live.Count(due => due == SupervisedWorkers.Tick) == 2, "the flush");
        Assert.DoesNotContain(workers.Source.Consumes.Calls, call => call.Method == "CloseAsync");
        written.SetResult();
        await stop.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_TheLastAcknowledgementHangs_ClosesAfterASecond()
    {
        await using var workers = new SupervisedWorkers(["a"], Job);
        await workers.ConnectAsync();
        workers.Broker.Waits["BasicAckAsync"] = new TaskCompletionSource().Task;
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        _end.SetResult(null);
        await Until.TrueAsync(() => workers.Consumers[0].CallsOf("BasicAckAsync").Any(), "the acknowledgement");

        await workers.StopAsync();

        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_InAHurry_WaitsNeitherForJobsNorForAcknowledgements()
    {
        await using var workers = new SupervisedWorkers(["a"], Job);
        await workers.ConnectAsync();
        workers.Broker.Waits["BasicNackAsync"] = new TaskCompletionSource().Task;
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        using var hurry = new CancellationTokenSource();
        await hurry.CancelAsync();

        var stop = workers.Supervisor.StoppingAsync(hurry.Token);
        await workers.Time.AdvanceUntilAsync(
            () => stop.IsCompleted, "the stop", TimeSpan.FromMilliseconds(1));
        await stop;

        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_JobsDoNotEnd_CancelsThemAfterTheDrainTime()
    {
        await using var workers = new SupervisedWorkers(["a"], Job, drain: TimeSpan.FromSeconds(20));
        await workers.ConnectAsync();
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        var startedAt = workers.Time.GetUtcNow();

        await workers.StopAsync();

        Assert.InRange((workers.Time.GetUtcNow() - startedAt).TotalSeconds, 20, 60);
        Assert.Single(workers.Consumers[0].CallsOf("BasicNackAsync"));
    }

    private static void AssertClosed(SupervisedWorkers workers) => Assert.All(
        workers.Source.Connections,
        connection => Assert.Contains(connection.Calls, call => call.Method == "CloseAsync"));
}
