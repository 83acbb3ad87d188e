using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>From the start of a job to the end of its code: what it waits for, and how it ends.</summary>
public sealed class JobExecutionTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

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
        Assert.Empty(bench.Logged(11));
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

    /// <summary>A republished job waits until its original is acknowledged, so that it exists once.</summary>
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

    private sealed class BrokenWorker : Worker
    {
        protected internal override IReadOnlyList<string> Dynamic => throw new InvalidOperationException("no names");

        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }
}
