using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>From the start of a job to the end of its code: time limit, cancellation and outcome.</summary>
public sealed class JobExecutionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly TaskCompletionSource<object?> _code =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CancellationToken _token;

    [Fact]
    public async Task TimeLimit_JustBefore_TheResultCounts()
    {
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()));
        await _entered.Task;

        bench.Time.Advance(Limit - Tick);
        Assert.False(_token.IsCancellationRequested);
        _code.SetResult("in time");
        var outcome = await running;

        Assert.Equal((OutcomeKind.Completed, "\"in time\""), (outcome.Kind, Text(outcome)));
        Assert.Empty(bench.Logged(12));
    }

    [Fact]
    public async Task TimeLimit_Reached_CancelsTheStepAndFailsTheJob()
    {
        using var bench = Held(obeys: true);
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()));
        await _entered.Task;

        bench.Time.Advance(Limit);
        var outcome = await running;

        Assert.Equal((OutcomeKind.Failed, "timed out after 00:05:00"), (outcome.Kind, outcome.Error!.ReplyText));
        Assert.Equal(
            [(LogLevel.Warning, "Job job exceeded its time limit of 00:05:00; the step stopped")], bench.Logged(12));
        Assert.Empty(bench.Logged(15));
    }

    /// <summary>It may still return while it stops, but the time was over.</summary>
    [Fact]
    public async Task TimeLimit_StepReturnsWithinTheGrace_FailsAllTheSame()
    {
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()));
        await _entered.Task;
        bench.Time.Advance(Limit);
        await bench.Time.TimerAsync(Grace);

        bench.Time.Advance(Grace - Tick);
        Assert.False(running.IsCompleted);
        _code.SetResult("late");

        Assert.Equal("timed out after 00:05:00", (await running).Error!.ReplyText);
        Assert.Single(bench.Logged(12));
    }

    [Fact]
    public async Task TimeLimit_StepIgnoresItsToken_IsAbandonedAfterTheGrace()
    {
        using var bench = Held();
        var job = bench.Start(bench.Deliver());
        var running = bench.ExecuteAsync(job);
        await _entered.Task;
        bench.Time.Advance(Limit);
        await bench.Time.TimerAsync(Grace);

        bench.Time.Advance(Grace);

        Assert.Equal("timed out after 00:05:00", (await running).Error!.ReplyText);
        Assert.True(_token.IsCancellationRequested);
        Assert.Equal(JobState.Ending, job.State);
        var ignored = Assert.Single(bench.Logged(15));
        Assert.Equal(
            (LogLevel.Warning,
                "Job job exceeded its time limit of 00:05:00 and ignores cancellation; its result will be dropped"),
            ignored);
        Assert.Empty(bench.Logged(12));
        _code.SetResult("dropped");
        Assert.Throws<InvalidOperationException>(() => job.Output.LogInformation("late"));
        Assert.Equal(["started"], bench.Bus.Events);
    }

    /// <summary>Code that blocks, and never awaits, must not hold up the one who watches the time.</summary>
    [Fact]
    public async Task TimeLimit_StepBlocksItsThread_IsAbandonedToo()
    {
        using var released = new ManualResetEventSlim();
        using var bench = new JobBench((_, _) =>
        {
            released.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            return Task.FromResult<object?>(null);
        }, options => options.TimeLimit = Limit);
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()));
        await bench.Time.TimerAsync(Limit);
        bench.Time.Advance(Limit);
        await bench.Time.TimerAsync(Grace);

        bench.Time.Advance(Grace);

        Assert.Equal(OutcomeKind.Failed, (await running).Kind);
        released.Set();
    }

    [Fact]
    public async Task Abort_StepObeys_RequeuesTheJob()
    {
        using var abort = new CancellationTokenSource();
        using var bench = Held(obeys: true);
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()), abort);
        await _entered.Task;

        await abort.CancelAsync();

        Assert.Same(Outcome.Requeued, await running);
        Assert.Empty(bench.Logged(12).Concat(bench.Logged(10)));
    }

    [Fact]
    public async Task Abort_StepReturnsWithinTheGrace_Completes()
    {
        using var abort = new CancellationTokenSource();
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()), abort);
        await _entered.Task;
        await abort.CancelAsync();
        await bench.Time.TimerAsync(Grace);

        _code.SetResult("just in time");

        Assert.Equal("\"just in time\"", Text(await running));
    }

    [Fact]
    public async Task Abort_StepIgnoresItsToken_IsRequeuedAfterTheGrace()
    {
        using var abort = new CancellationTokenSource();
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()), abort);
        await _entered.Task;
        await abort.CancelAsync();
        await bench.Time.TimerAsync(Grace);

        bench.Time.Advance(Grace);

        Assert.Same(Outcome.Requeued, await running);
        _code.SetResult(null);
    }

    /// <summary>A step that throws because it is stopped has not failed.</summary>
    [Fact]
    public async Task Abort_StepThrows_RequeuesTheJob()
    {
        using var abort = new CancellationTokenSource();
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()), abort);
        await _entered.Task;
        await abort.CancelAsync();
        await bench.Time.TimerAsync(Grace);

        _code.SetException(new InvalidOperationException("stopped"));

        Assert.Same(Outcome.Requeued, await running);
    }

    [Theory]
    [InlineData("no such host", "no such host")]
    [InlineData("", "FormatException")]
    public async Task Step_Throws_FailsWithTheMessageOrTheType(string message, string reason)
    {
        using var bench = new JobBench((_, _) => throw new FormatException(message));

        var outcome = await bench.ExecuteAsync(bench.Start(bench.Deliver()));

        Assert.Equal((OutcomeKind.Failed, reason), (outcome.Kind, outcome.Error!.ReplyText));
        var logged = Assert.Single(bench.Logs.WithId(10));
        Assert.Equal((LogLevel.Warning, $"Job job failed: {message}"), (logged.Level, logged.Message));
        Assert.IsType<FormatException>(logged.Exception);
    }

    [Fact]
    public async Task Step_ReturnsWhatNoContextHas_Fails()
    {
        using var bench = new JobBench((_, _) => Task.FromResult<object?>(new Version(1, 2)));

        var outcome = await bench.ExecuteAsync(bench.Start(bench.Deliver()));

        Assert.Equal(OutcomeKind.Failed, outcome.Kind);
        Assert.StartsWith("the JSON context does not contain System.Version", outcome.Error!.ReplyText,
            StringComparison.Ordinal);
    }

    /// <summary>The reply around it has 31 bytes more, and must be within the broker's limit of 16 MiB.</summary>
    [Theory]
    [InlineData(16 * 1024 * 1024 - 65, true)]
    [InlineData(16 * 1024 * 1024 - 64, true)]
    [InlineData(16 * 1024 * 1024 - 63, false)]
    public async Task Step_LargeResult_FailsOverTheLimit(int bytes, bool fits)
    {
        var text = new string('x', bytes - 2);
        using var bench = new JobBench((_, _) => Task.FromResult<object?>(text));

        var outcome = await bench.ExecuteAsync(bench.Start(bench.Deliver()));

        Assert.Equal(fits, outcome.Kind is OutcomeKind.Completed);
        Assert.Equal(
            fits ? null : $"the step's result has {bytes} bytes; allowed: 16777152", outcome.Error?.ReplyText);
    }

    /// <summary>A binder, or another part of the worker, that throws: the requester still gets an end.</summary>
    [Fact]
    public async Task Worker_ThrowsBeforeTheStep_Fails()
    {
        using var bench = new JobBench(new BrokenWorker());

        var outcome = await bench.ExecuteAsync(bench.Start(bench.Deliver()));

        Assert.Equal((OutcomeKind.Failed, "no names"), (outcome.Kind, outcome.Error!.ReplyText));
        Assert.Equal([(LogLevel.Error, "Job job, attempt 1, could not be run and fails")], bench.Logged(13));
        Assert.Empty(bench.Bus.Messages);
    }

    /// <summary>A job that its worker put back waits until the original is acknowledged, so that it is there once.</summary>
    [Fact]
    public async Task Start_RepublishedJob_WaitsASecond()
    {
        using var bench = JobBench.Idle();
        var headers = new Dictionary<string, object?> { ["x-reworker-attempts"] = 1 };
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver(headers: headers)));
        await bench.Time.TimerAsync(TimeSpan.FromSeconds(1));

        bench.Time.Advance(TimeSpan.FromSeconds(1) - Tick);
        Assert.Empty(bench.Bus.Messages);
        bench.Time.Advance(Tick);
        await running;

        Assert.Equal(["started"], bench.Bus.Events);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public async Task Start_SecondAttempt_IsLogged(int prior, int records)
    {
        using var bench = JobBench.Idle();
        var headers = new Dictionary<string, object?> { ["x-delivery-count"] = (long)prior };

        await bench.ExecuteAsync(bench.Start(bench.Deliver(redelivered: prior > 0, headers: headers)));

        var expected =
            (LogLevel.Information, "Job job was not finished by its last worker; it runs again: attempt 2 of 20");
        Assert.Equal(Enumerable.Repeat(expected, records), bench.Logged(14));
        Assert.Equal(0, bench.Time.Timers(TimeSpan.FromSeconds(1)));
    }

    private static string Text(Outcome outcome) => System.Text.Encoding.UTF8.GetString(outcome.Data!);

    private JobBench Held(bool obeys = false) => new((_, cancel) =>
    {
        _token = cancel;
        _entered.SetResult();
        return obeys ? _code.Task.WaitAsync(cancel) : _code.Task;
    }, options => options.TimeLimit = Limit);

    private sealed class BrokenWorker : Worker
    {
        protected internal override IReadOnlyList<string> Dynamic => throw new InvalidOperationException("no names");

        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }
}
