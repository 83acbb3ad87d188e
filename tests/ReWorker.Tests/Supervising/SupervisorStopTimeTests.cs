using ReWorker.Health;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>A stop hangs on nothing, whatever the supervisor does at that moment.</summary>
public sealed class SupervisorStopTimeTests
{
    private readonly TaskCompletionSource<object?> _end = new();

    private Task<object?> Job(CancellationToken cancel) => _end.Task.WaitAsync(cancel);

    [Fact]
    public async Task Stop_WhileConnecting_EndsAtOnce()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        workers.Source.Opening = new TaskCompletionSource().Task;
        await workers.StartAsync();

        await StopAtOnceAsync(workers);

        Assert.Equal((0, 1), (workers.Count(LogId.CouldNotConnect), workers.Count(LogId.Stopped)));
        Assert.Equal(0, workers.Metrics.Sum("reworker.connect.failures"));
    }

    [Fact]
    public async Task Stop_WhileAStepIsNotAnswered_EndsAtOnce()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        workers.Broker.Waits["ExchangeDeclarePassiveAsync"] = new TaskCompletionSource().Task;
        await workers.StartAsync();
        await Until.TrueAsync(() => workers.Broker.Asked("ExchangeDeclarePassiveAsync", "re") == 1, "the step");

        await StopAtOnceAsync(workers);

        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_DuringAPause_EndsAtOnce()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        workers.Source.OnOpen = _ => throw new InvalidOperationException("refused");
        await workers.StartAsync();
        await Until.TrueAsync(() => workers.Time.Live.Count == 1, "the pause");

        await StopAtOnceAsync(workers);

        Assert.Equal(1, workers.Count(LogId.CouldNotConnect));
    }

    [Fact]
    public async Task Stop_DuringAnAlarm_EndsAtOnce()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        await workers.Source.Publishes.BlockAsync("low on memory");
        await workers.Time.StepAsync(SupervisedWorkers.Tick);

        await StopAtOnceAsync(workers);

        AssertClosed(workers);
    }

    /// <summary>Replies of jobs that run need a connection, even if it is lost during the stop.</summary>
    [Fact]
    public async Task Stop_TheConnectionIsLostMeanwhile_ReconnectsAndDoesNotConsume()
    {
        await using var workers = new SupervisedWorkers(["a"], Job, drain: TimeSpan.FromHours(1));
        await workers.ConnectAsync();
        await workers.DeliverAsync(1, replyTo: "replies");
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 1, "started");
        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(() => workers.Part("queue worker.a") == (false, "stopping"), "the stop's begin");

        await workers.Source.Consumes.CloseAsync(320, "gone");
        await workers.Time.AdvanceUntilAsync(
            () => workers.Source.Connections.Count == 4 && workers.Health.IsConnected, "the next connection");
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 1, "started once more");

        Assert.Empty(workers.Consumers);
        Assert.Equal(1, workers.Count(LogId.Consuming));
        Assert.False(workers.Part("queue worker.a").IsHealthy);
        _end.SetResult(null);
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 2, "completed");
        await workers.PublishChannel.AckAsync(2, multiple: true);
        await workers.Time.AdvanceUntilAsync(() => stop.IsCompleted, "the stop");
        await stop;
    }

    /// <summary>The stop comes while the supervisor starts to consume: it has no consumers to cancel yet.</summary>
    [Fact]
    public async Task Stop_WhileConsumersStart_CancelsThem()
    {
        var started = new TaskCompletionSource();
        await using var workers = new SupervisedWorkers(["a"], Job, drain: TimeSpan.FromHours(1));
        await workers.ConnectAsync();
        await workers.DeliverAsync(1);
        await Until.TrueAsync(() => workers.Runners[0].Running == 1, "the job");
        workers.Broker.Waits["BasicConsumeAsync"] = started.Task;
        await workers.Source.Consumes.CloseAsync(320, "gone");
        await workers.Time.AdvanceUntilAsync(
            () => workers.Broker.Asked("BasicConsumeAsync", "worker.a") == 2, "the consumer");

        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(() => workers.Part(HealthState.Worker).Detail == "stopping", "the stop's begin");
        started.SetResult();
        await Until.TrueAsync(() => workers.Consumers[0].CallsOf("BasicCancelAsync").Any(), "the cancel");

        _end.SetResult(null);
        await workers.Time.AdvanceUntilAsync(() => stop.IsCompleted, "the stop");
        await stop;
        Assert.Equal(1, workers.Count(LogId.Consuming));
    }

    [Fact]
    public async Task Stop_TheBrokerDoesNotAnswerTheCancel_GoesOnAfterSeconds()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        workers.Broker.Waits["BasicCancelAsync"] = new TaskCompletionSource().Task;
        var startedAt = workers.Time.GetUtcNow();

        await workers.StopAsync();

        Assert.InRange((workers.Time.GetUtcNow() - startedAt).TotalSeconds, 1, 10);
        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_TheCancelFails_GoesOn()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        workers.Broker.Waits["BasicCancelAsync"] = Task.FromException(new InvalidOperationException("closed"));

        await workers.StopAsync();

        AssertClosed(workers);
    }

    [Fact]
    public async Task Stop_TheCloseTakesItsTime_EndsAfterIt()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        var closed = new TaskCompletionSource();
        foreach (var connection in workers.Source.Connections)
            connection.OnCall = call => call.Method == "CloseAsync" ? closed.Task : null;

        var stop = workers.Supervisor.StoppingAsync(CancellationToken.None);
        await Until.TrueAsync(
            () => workers.Source.Connections.All(one => one.Calls.Any(call => call.Method == "CloseAsync")),
            "the close");
        Assert.Equal((false, 0), (stop.IsCompleted, workers.Count(LogId.Stopped)));
        closed.SetResult();
        await stop.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.Equal(1, workers.Count(LogId.Stopped));
    }

    /// <summary>A host whose start fails disposes without stopping, and twice.</summary>
    [Fact]
    public async Task Dispose_WithoutAStop_ClosesTheConnections()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();

        workers.Supervisor.Dispose();
        workers.Supervisor.Dispose();
        await Until.TrueAsync(
            () => workers.Source.Connections.All(one => one.Calls.Any(call => call.Method == "CloseAsync")),
            "the close");

        Assert.Equal(2, workers.Source.Connections.Count);
        Assert.Equal(0, workers.Count(LogId.ConnectionLost));
    }

    private static Task StopAtOnceAsync(SupervisedWorkers workers) =>
        workers.Supervisor.StoppingAsync(CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    private static void AssertClosed(SupervisedWorkers workers) => Assert.All(
        workers.Source.Connections,
        connection => Assert.Contains(connection.Calls, call => call.Method == "CloseAsync"));
}
