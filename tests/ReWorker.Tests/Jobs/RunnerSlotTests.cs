using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Running;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>The slots of a worker: how many jobs run at once, and what frees a slot.</summary>
public sealed class RunnerSlotTests : IDisposable
{
    private readonly SemaphoreSlim _release = new(0);
    private int _entered;
    private int _most;
    private int _now;

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

    /// <summary>An owner's listener throws: the job is left to the broker, and the slot goes on.</summary>
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

    /// <summary>A drain that comes while a job starts must see it.</summary>
    [Fact]
    public async Task Running_JobStarts_IsCountedBefore()
    {
        using var bench = JobBench.Idle();
        using var runner = bench.CreateRunner();
        var seen = new List<int>();
        bench.Bus.OnLook = () => seen.Add(runner.Running);
        runner.Start();

        runner.Accept(bench.Deliver());

        await JobTime.UntilAsync(() => bench.Bus.Settled.Count == 1, "the job");
        Assert.Equal(1, seen[0]);
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
        using var other = new JobBench(new SilentWorker(() => null)).CreateRunner();
        Assert.Equal(["worker.frob", "output"], other.RoutingKeys);
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
}
