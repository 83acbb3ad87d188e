using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>The end of a job's code, and what it does after its end.</summary>
public sealed class JobRunTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Instruments _instruments;
    private readonly Ledger _ledger = new();
    private readonly HeldBus _bus = new();

    public JobRunTests() => _instruments = new Instruments(_services.GetRequiredService<IMeterFactory>());

    private static WorkerOptions Plain => new() { Queue = "frob" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _instruments.Dispose();
        _services.Dispose();
    }

    /// <summary>Its reply is on the way: run again, it would be answered twice.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reject_AfterTheEndOfTheCode_IsRefused(bool requeue)
    {
        Job? kept = null;
        var ending = await RunAsync((job, _) =>
        {
            kept = job;
            return Task.FromResult<object?>(null);
        }, Plain, Cancel);

        await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.RejectAsync(requeue, Cancel));
        _bus.Confirm();
        await ending;

        Assert.Equal(Settlement.Ack, Assert.Single(_bus.Settled).How);
        Assert.Equal(["started", "completed"], _bus.Statuses);
    }

    [Fact]
    public async Task Outcome_OfAJobThatTheStepPutBack_IsRequeued()
    {
        var outcomes = await OutcomesAsync(async (job, cancel) =>
        {
            await job.RejectAsync(requeue: true, cancel);
            return null;
        }, Cancel);

        Assert.Equal(["requeued"], outcomes);
        Assert.Equal(["started"], _bus.Statuses);
    }

    [Fact]
    public async Task Outcome_OfAJobThatIsAcknowledgedAndCutShort_IsFailed()
    {
        using var abort = new CancellationTokenSource();
        var outcomes = await OutcomesAsync(async (job, cancel) =>
        {
            await job.AckAsync(cancel);
            await abort.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, abort.Token);

        Assert.Equal(["failed"], outcomes);
        Assert.Equal(["started", "failed"], _bus.Statuses);
    }

    /// <summary>The broker's own limit may be lower than the runtime's: the requester must hear an end all the same.</summary>
    [Fact]
    public async Task Reply_ThatTheBrokerNeverTakes_IsReplacedByAShortOne()
    {
        var ending = await RunAsync((_, _) => Task.FromResult<object?>(new string('x', 1000)), Plain, Cancel);
        _bus.GiveUp("completed");
        _bus.Confirm();

        Assert.Equal(["started", "completed", "failed"], _bus.Statuses);
        Assert.Empty(_bus.Settled);
        _bus.Confirm();
        await ending;
        Assert.Equal(Settlement.Ack, Assert.Single(_bus.Settled).How);
    }

    /// <summary>It was not its size.</summary>
    [Fact]
    public async Task Reply_ThatTheBrokerNeverTakesAndIsShort_IsNotReplaced()
    {
        var ending = await RunAsync((_, _) => Task.FromResult<object?>(null), Plain, Cancel);
        _bus.GiveUp("completed");
        _bus.Confirm();
        await ending;

        Assert.Equal(["started", "completed"], _bus.Statuses);
        Assert.Equal(Settlement.Ack, Assert.Single(_bus.Settled).How);
    }

    [Fact]
    public async Task Reply_ThatIsNeverTakenNorTheShortOne_EndsTheJob()
    {
        var ending = await RunAsync((_, _) => Task.FromResult<object?>(new string('x', 1000)), Plain, Cancel);
        _bus.GiveUp("completed");
        _bus.Confirm();
        _bus.GiveUp("failed");
        await ending;

        Assert.Equal(Settlement.Ack, Assert.Single(_bus.Settled).How);
    }

    /// <summary>Code that runs on after its time logs and logs: it is refused, and never stands still for it.</summary>
    [Fact]
    public async Task Output_AfterTheEndOfTheCode_IsRefusedHoweverOften()
    {
        Job? kept = null;
        _ = await RunAsync((job, _) =>
        {
            kept = job;
            return Task.FromResult<object?>(null);
        }, Plain, Cancel);

        var lines = Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++) Assert.Throws<InvalidOperationException>(() => kept!.Output.LogInformation("a line"));
        }, Cancel);
        await lines.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    /// <summary>An outage: the broker confirms no line, the time is over, and the code waits for room.</summary>
    [Fact]
    public async Task Output_ThatWaitsForRoom_EndsWithTheJob()
    {
        var refused = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = await RunAsync((job, _) =>
        {
            try
            {
                while (true) job.Output.LogInformation("a line");
            }
            catch (Exception e)
            {
                refused.TrySetResult(e);
            }
            return Task.FromResult<object?>(null);
        }, new WorkerOptions { Queue = "frob", TimeLimit = TimeSpan.FromSeconds(0.5) }, Cancel);

        Assert.IsType<OperationCanceledException>(await refused.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    /// <summary>A line that no message may hold is refused; those that follow have their room.</summary>
    [Fact]
    public async Task Output_TooLargeForTheBus_IsRefusedHoweverOften()
    {
        var (large, refused) = (new string('x', 16 * 1024 * 1024), new List<string>());
        var ending = await RunAsync((job, _) =>
        {
            // there is room for 64 unconfirmed lines
            for (var i = 0; i < 62; i++) job.Output.LogInformation("small");
            for (var i = 0; i < 2; i++)
                refused.Add(Assert.Throws<ArgumentException>(() => LogLarge(job.Output)).Message);
            for (var i = 0; i < 2; i++) job.Output.LogInformation("small");
            return Task.FromResult<object?>(null);
        }, new WorkerOptions { Queue = "frob", TimeLimit = TimeSpan.FromSeconds(10) }, Cancel);
        _bus.Confirm();
        await ending;

        Assert.Equal(2, refused.Count);
        const string tooLarge = "the message has 16777230 bytes; allowed: 16777216";
        Assert.All(refused, error => Assert.StartsWith(tooLarge, error, StringComparison.Ordinal));
        Assert.Equal(["started", "completed"], _bus.Statuses);

        void LogLarge(ILogger output) => output.Log(LogLevel.Information, default, large, null, (text, _) => text);
    }

    private async Task<List<string>> OutcomesAsync(Func<Job, CancellationToken, Task<object?>> code, CancellationToken abort)
    {
        var outcomes = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (ReferenceEquals(instrument, _instruments.Jobs)) it.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => outcomes.Add((string)tags.ToArray().Single(one => one.Key == "outcome").Value!));
        listener.Start();
        var ending = await RunAsync(code, Plain, abort);
        _bus.Confirm();
        await ending;
        return outcomes;
    }

    private async Task<Task> RunAsync(Func<Job, CancellationToken, Task<object?>> code, WorkerOptions options, CancellationToken abort)
    {
        var worker = new FrobWorker(new Frob((_, job, cancel) => code(job, cancel)));
        var context = new WorkerContext(worker, options, _bus, _instruments, TimeProvider.System, NullLogger.Instance);
        var properties = new BasicProperties { CorrelationId = "job", ReplyTo = "replies" };
        var delivery = new Delivery(_bus, new DeliveryInfo("tag", 1, false, "re", "worker.frob"), properties, Encoding.UTF8.GetBytes("{}"));
        _ledger.Register(delivery, out _);
        delivery.Job!.TryStart();
        var outcome = await new JobExecution(context).RunAsync(delivery.Job!, abort);
        return new JobEnding(context).EndAsync(delivery.Job!, outcome);
    }
}
