using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Running;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>The slots of a worker: how many jobs run at once, what frees a slot, and what a stop does.</summary>
public sealed class RunnerSlotTests : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _release = new(0);
    private int _entered;
    private int _most;
    private int _now;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _release.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Slots_MoreJobs_RunAsManyAsThereAreSlots(int slots)
    {
        using var bench = new JobBench(HoldAsync, options => options.Concurrency = slots);
        using var runner = bench.CreateRunner();
        runner.Start();
        Assert.True(runner.HasFreeSlot);

        for (var i = 0; i < slots + 2; i++) runner.Accept(bench.Deliver(id: $"{i}"));

        await JobTime.UntilAsync(() => _entered == slots && runner.Running == slots, "the jobs");
        Assert.False(runner.HasFreeSlot);
        _release.Release();
        await JobTime.UntilAsync(() => _entered == slots + 1, "the next job");
        _release.Release(slots + 1);
        await JobTime.UntilAsync(() => runner.Running == 0 && bench.Bus.Settled.Count == slots + 2, "the end");
        Assert.Equal(slots, _most);
        Assert.True(runner.HasFreeSlot);
        runner.StopAccepting();
    }

    /// <summary>Jobs wait for the code of others only, not for their confirms: the broker may be slow.</summary>
    [Fact]
    public async Task Slots_NothingIsConfirmed_AreFreeAtTheEndOfTheCode()
    {
        using var bench = new JobBench(HoldAsync, options => options.Concurrency = 1);
        using var runner = bench.CreateRunner();
        bench.Bus.HoldsConfirms = true;
        runner.Start();
        _release.Release(2);

        for (var i = 0; i < 2; i++) runner.Accept(bench.Deliver(id: $"{i}"));

        await JobTime.UntilAsync(() => bench.Bus.Replies.Count == 4 && runner.Running == 0, "both jobs");
        Assert.Empty(bench.Bus.Settled);
        bench.Bus.Confirm();
        Assert.Equal([Settlement.Ack, Settlement.Ack], bench.Bus.Settlements);
        runner.StopAccepting();
    }

    /// <summary>A job whose delivery has died runs where the broker delivers it again.</summary>
    [Fact]
    public async Task Slots_DeliveryDead_PassOverItsJobUntilItComesAgain()
    {
        using var bench = new JobBench(HoldAsync, options => options.Concurrency = 1);
        using var runner = bench.CreateRunner();
        runner.Start();
        runner.Accept(bench.Deliver(id: "first"));
        await JobTime.UntilAsync(() => _entered == 1, "the first job");
        var waiting = bench.Deliver(id: "second");
        runner.Accept(waiting);
        bench.Bus.IsAlive = false;
        _release.Release(2);
        await JobTime.UntilAsync(() => waiting.Job!.State is JobState.AwaitingRedelivery, "the slot");
        await JobTime.UntilAsync(() => runner.Running == 0, "a free slot");
        Assert.Equal(1, _entered);

        var again = new JobBus();
        runner.Accept(new Delivery(again, waiting.Info with { Redelivered = true }, waiting.Properties, waiting.Body));

        await JobTime.UntilAsync(() => _entered == 2 && again.Settled.Count == 1, "the second job");
        runner.StopAccepting();
    }

    /// <summary>An owner's listener throws in the midst of a job: it is left to the broker, and the slot goes on.</summary>
    [Fact]
    public async Task Slots_MeasurementThrows_JobIsLeftToTheBroker()
    {
        using var bench = new JobBench(HoldAsync, options => options.Concurrency = 1);
        using var runner = bench.CreateRunner();
        using var listener = new MeterListener
        {
            InstrumentPublished = (one, self) =>
            {
                if (one == bench.Instruments.Jobs) self.EnableMeasurementEvents(one);
            },
        };
        var left = 1;
        listener.SetMeasurementEventCallback<long>((_, value, _, _) =>
        {
            if (value > 0 && left-- > 0) throw new InvalidOperationException("no room for measurements");
        });
        listener.Start();
        runner.Start();
        _release.Release(2);
        var (first, second) = (bench.Deliver(id: "first"), bench.Deliver(id: "second"));

        runner.Accept(first);
        runner.Accept(second);

        await JobTime.UntilAsync(() => second.Job!.State is JobState.Ended && runner.Running == 0, "the second job");
        Assert.Equal(JobState.AwaitingRedelivery, first.Job!.State);
        Assert.Equal(second, Assert.Single(bench.Bus.Settled).Delivery);
        Assert.Equal(0, bench.InFlight);
        runner.StopAccepting();
    }

    [Fact]
    public void Accept_EachKind_IsCountedAndLogged()
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();
        var first = bench.Deliver(id: "a");
        runner.Accept(first);
        runner.Accept(bench.Deliver(id: "b", redelivered: true));
        first.Job!.TryStart();
        bench.Bus.IsAlive = false;
        runner.Accept(bench.Deliver(id: "a", redelivered: true));
        first.Job.Complete(Settlement.Ack);
        runner.Accept(bench.Deliver(id: "a", redelivered: true));

        Assert.Equal(
            ["fresh", "redelivered", "adopted", "duplicate"],
            bench.Measured.Select(one => one.Replace("reworker.deliveries kind=", "", StringComparison.Ordinal)[..^3]));
        Assert.Equal(
            [(LogLevel.Information, "Job a was redelivered while in flight; it continues")], bench.Logged(30));
        Assert.Equal(
            [(LogLevel.Information, "Job a was redelivered after its end; it is acknowledged")], bench.Logged(32));
    }

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

    /// <summary>An alert watches an increase: a counter that starts at 1 shows none.</summary>
    [Fact]
    public void Start_Counters_BeginAtZero()
    {
        using var bench = JobBench.Idle(options => options.Prefetch = 5);
        using var runner = bench.CreateRunner();

        runner.Start();

        string[] expected =
        [
            "reworker.jobs worker=FrobWorker outcome=completed: 0",
            "reworker.jobs worker=FrobWorker outcome=failed: 0",
            "reworker.jobs worker=FrobWorker outcome=invalid: 0",
            "reworker.jobs.parked worker=FrobWorker: 0",
        ];
        Assert.Superset(expected.ToHashSet(), bench.Measured.ToHashSet());
        Assert.Equal(
            ("FrobWorker", "worker.frob", 5, 0), (runner.Name, runner.Queue, runner.Prefetch, runner.Running));
        Assert.Equal(["worker.frob"], runner.RoutingKeys);
        runner.StopAccepting();
    }

    private async Task<object?> HoldAsync(Job job, CancellationToken cancel)
    {
        Interlocked.Increment(ref _entered);
        lock (_release) _most = Math.Max(_most, ++_now);
        await _release.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        lock (_release) _now--;
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
