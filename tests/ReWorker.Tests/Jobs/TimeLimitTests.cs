using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Running;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A step that reaches its time limit or is cut short by a stop, whether it obeys its token or not.</summary>
public sealed class TimeLimitTests
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
            released.Wait(TimeSpan.FromSeconds(10), CancellationToken.None);
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

    /// <summary>What a step has registered with its token must not hold up the end of its job.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TimeLimit_CallbackOfTheStepBlocksOrThrows_IsAbandonedToo(bool blocks)
    {
        using var released = new ManualResetEventSlim();
        var isOver = false;
        using var bench = new JobBench((_, cancel) =>
        {
            cancel.Register(() =>
            {
                if (!blocks) throw new InvalidOperationException("in a callback");
                isOver = !released.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            });
            _entered.SetResult();
            return _code.Task;
        }, options => options.TimeLimit = Limit);
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()));
        await _entered.Task;
        bench.Time.Advance(Limit);
        await bench.Time.TimerAsync(Grace);

        bench.Time.Advance(Grace);

        Assert.Equal("timed out after 00:05:00", (await running).Error!.ReplyText);
        Assert.False(isOver);
        released.Set();
    }

    /// <summary>A process that stops meanwhile must not requeue what has timed out: it would run again.</summary>
    [Fact]
    public async Task TimeLimit_AbortWithinTheGrace_FailsAllTheSame()
    {
        using var abort = new CancellationTokenSource();
        using var bench = Held();
        var running = bench.ExecuteAsync(bench.Start(bench.Deliver()), abort);
        await _entered.Task;
        bench.Time.Advance(Limit);
        await bench.Time.TimerAsync(Grace);

        await abort.CancelAsync();
        bench.Time.Advance(Grace);

        Assert.Equal("timed out after 00:05:00", (await running).Error!.ReplyText);
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

    private static string Text(Outcome outcome) => System.Text.Encoding.UTF8.GetString(outcome.Data!);

    private JobBench Held(bool obeys = false) => new((_, cancel) =>
    {
        _token = cancel;
        _entered.SetResult();
        return obeys ? _code.Task.WaitAsync(cancel) : _code.Task;
    }, options => options.TimeLimit = Limit);
}
