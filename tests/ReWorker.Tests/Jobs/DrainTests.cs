using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A worker that stops: waiting jobs go back, running ones may end, and nothing keeps the process.</summary>
public sealed class DrainTests : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _release = new(0);
    private int _entered;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _release.Dispose();

    [Fact]
    public void StopAccepting_JobsWait_RequeuesThemUncounted()
    {
        using var bench = JobBench.Idle(options => options.DrainTimeout = TimeSpan.FromSeconds(7));
        using var runner = bench.CreateRunner();
        var (first, second) = (bench.Deliver(id: "a"), bench.Deliver(id: "b"));
        runner.Accept(first);
        runner.Accept(second);

        runner.StopAccepting();

        Assert.Equal(
            [(first, Settlement.RequeueUncounted), (second, Settlement.RequeueUncounted)], bench.Bus.Settled);
        const string text = "Stopping worker.frob: 2 waiting jobs were requeued; 0 running jobs may take 7 s more";
        Assert.Equal([(LogLevel.Information, text)], bench.Logged(31));
    }

    /// <summary>A delivery comes in while the stop requeues the others: it must not stay behind.</summary>
    [Fact]
    public void StopAccepting_JobComesMeanwhile_IsRequeuedToo()
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();
        var (first, second) = (bench.Deliver(id: "a"), bench.Deliver(id: "b"));
        runner.Accept(first);
        bench.Bus.OnSettled = () =>
        {
            bench.Bus.OnSettled = () => { };
            runner.Accept(second);
        };

        runner.StopAccepting();

        Assert.Equal(
            [(first, Settlement.RequeueUncounted), (second, Settlement.RequeueUncounted)], bench.Bus.Settled);
    }

    [Fact]
    public async Task StopAccepting_JobRuns_LetsItGoOnAndTakesNoOther()
    {
        using var bench = new JobBench(HoldAsync, options => options.Concurrency = 1);
        using var runner = bench.CreateRunner();
        runner.Start();
        runner.Accept(bench.Deliver(id: "runs"));
        await JobTime.UntilAsync(() => _entered == 1, "the job");

        runner.StopAccepting();
        var late = bench.Deliver(id: "late");
        runner.Accept(late);

        Assert.Equal((late, Settlement.RequeueUncounted), Assert.Single(bench.Bus.Settled));
        Assert.Contains("0 waiting jobs were requeued; 1 running jobs", bench.Logged(31)[0].Text,
            StringComparison.Ordinal);
        _release.Release();
        await bench.Time.PollAsync(() => runner.DrainAsync(CancellationToken.None), Poll);
        Assert.Equal([Settlement.RequeueUncounted, Settlement.Ack], bench.Bus.Settlements);
        Assert.Equal("""{"status":"completed"}""", bench.Bus.Replies[^1]);
    }

    [Fact]
    public async Task Drain_NothingRuns_TakesNoTime()
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();

        await runner.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        Assert.Equal(0, bench.Time.Timers(Poll));
    }

    [Fact]
    public async Task Drain_JobOutlastsTheTimeout_IsCancelledThenAndRequeued()
    {
        CancellationToken token = default;
        using var bench = new JobBench(async (_, cancel) =>
        {
            token = cancel;
            Interlocked.Increment(ref _entered);
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, options => options.DrainTimeout = 5 * Poll);
        using var runner = bench.CreateRunner();
        runner.Start();
        runner.Accept(bench.Deliver());
        await JobTime.UntilAsync(() => _entered == 1, "the job");
        runner.StopAccepting();

        var draining = runner.DrainAsync(CancellationToken.None);
        for (var poll = 1; poll <= 5; poll++)
        {
            await bench.Time.TimerAsync(Poll, poll);
            Assert.False(token.IsCancellationRequested);
            bench.Time.Advance(Poll);
        }
        await JobTime.UntilAsync(() => token.IsCancellationRequested, "the cancellation");
        await bench.Time.PollAsync(() => draining, Poll, after: 5);

        await JobTime.UntilAsync(() => bench.Bus.Settled.Count == 1, "the settlement");
        Assert.Equal(["started", "RequeueUncounted"], bench.Bus.Events);
    }

    /// <summary>An owner's code that never returns must not keep the process.</summary>
    [Fact]
    public async Task Drain_SlotNeverEnds_GivesUpAfterBothTimeouts()
    {
        using var released = new ManualResetEventSlim();
        using var bench = new JobBench(
            new StuckWorker(released), options => options.DrainTimeout = TimeSpan.FromSeconds(1));
        using var runner = bench.CreateRunner();
        runner.Start();
        var accepting = Task.Factory.StartNew(
            () => runner.Accept(bench.Deliver()), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await JobTime.UntilAsync(() => runner.Running == 1, "the job");

        await bench.Time.PollAsync(() => runner.DrainAsync(CancellationToken.None), Poll);

        Assert.Equal(TimeSpan.FromSeconds(1) + StopTimeout, bench.Time.Elapsed);
        released.Set();
        await accepting;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Drain_NothingIsConfirmed_WaitsThreeSecondsAtMost(bool comes)
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();
        bench.Bus.HoldsConfirms = true;
        runner.Start();
        runner.Accept(bench.Deliver());
        await JobTime.UntilAsync(() => bench.Bus.Replies.Count == 2 && runner.Running == 0, "the job");

        var draining = runner.DrainAsync(CancellationToken.None);
        await bench.Time.TimerAsync(Poll);
        if (comes) bench.Bus.Confirm();
        bench.Time.Advance(Poll);
        await bench.Time.PollAsync(() => draining, Poll, after: 1);

        Assert.Equal(comes ? Poll : StopTimeout, bench.Time.Elapsed);
        Assert.Equal(comes ? 1 : 0, bench.Bus.Settled.Count);
    }

    [Fact]
    public async Task Drain_InAHurry_DoesNotWaitForConfirms()
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();
        bench.Bus.HoldsConfirms = true;
        runner.Start();
        runner.Accept(bench.Deliver());
        await JobTime.UntilAsync(() => bench.Bus.Replies.Count == 2 && runner.Running == 0, "the job");

        await runner.DrainAsync(new CancellationToken(canceled: true)).WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        Assert.Equal(0, bench.Time.Timers(Poll));
    }

    [Fact]
    public async Task Drain_InAHurry_WaitsForNothing()
    {
        using var bench = new JobBench(HoldAsync);
        using var runner = bench.CreateRunner();
        runner.Start();
        runner.Accept(bench.Deliver());
        await JobTime.UntilAsync(() => _entered == 1, "the job");

        await runner.DrainAsync(new CancellationToken(canceled: true)).WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        Assert.Equal(0, bench.Time.Timers(Poll));
        _release.Release();
    }

    private async Task<object?> HoldAsync(Job job, CancellationToken cancel)
    {
        Interlocked.Increment(ref _entered);
        await _release.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        return null;
    }

    private sealed class StuckWorker(ManualResetEventSlim released) : Worker
    {
        protected internal override IReadOnlyList<string> Dynamic
        {
            get
            {
                released.Wait(TimeSpan.FromSeconds(20), CancellationToken.None);
                return [];
            }
        }

        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }
}
