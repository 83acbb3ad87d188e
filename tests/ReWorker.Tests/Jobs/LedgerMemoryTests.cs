using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which jobs the ledger forgets, when, and which it gives back at a stop.</summary>
public sealed class LedgerMemoryTests : IDisposable
{
    private readonly JobBench _bench = JobBench.Idle();
    private readonly Ledger _ledger = new();
    private JobBus _bus = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Remove_OneOfThreeEqualJobs_KeepsTheOthers(int index)
    {
        InFlightJob[] jobs = [Running(), Running(), Running()];
        _ledger.Remove(jobs[index]);
        Reconnect();

        var found = Enumerable.Range(0, 2).Select(_ => Redeliver().Job!).ToHashSet();

        Assert.Equal(jobs.Where(job => job != jobs[index]).ToHashSet(), found);
        Assert.DoesNotContain(Redeliver().Job!, jobs);
    }

    [Fact]
    public void Remove_OnlyJob_ForgetsItAndNoOther()
    {
        var (job, other) = (Running(), Running("other"));
        _ledger.Remove(job);
        _ledger.Remove(job);
        Reconnect();

        Assert.NotSame(job, Redeliver().Job);
        Assert.Same(other, Redeliver("other").Job);
    }

    [Fact]
    public void TakeUnstarted_JobsInAllStates_TakesThoseThatWait()
    {
        var (waiting, running, ended, equal) = (Waiting("a"), Running("b"), Running("c"), Waiting("b"));
        ended.Complete(Settlement.Ack);

        var taken = _ledger.TakeUnstarted();

        Assert.Equal(new[] { waiting, equal }.ToHashSet(), taken.ToHashSet());
        Assert.Equal((2, JobState.Running), (taken.Count, running.State));
        Assert.Empty(_ledger.TakeUnstarted());
        Assert.False(waiting.TryStart());
    }

    /// <summary>At most as many sweeps as allowed, then one more.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void RemoveStale_EndedJob_IsForgottenAfterOneSweepMoreThanAllowed(int maxSweeps)
    {
        var job = Running();
        Reconnect();
        job.Complete(Settlement.Ack);
        // each redelivery begins the count anew
        for (var outage = 0; outage < 2; outage++)
        {
            for (var sweep = 0; sweep < maxSweeps; sweep++) _ledger.RemoveStale(maxSweeps);
            _ledger.Register(Deliver(redelivered: true), out var found);
            Assert.Equal(DeliveryKind.Duplicate, found);
            Reconnect();
        }

        for (var sweep = 0; sweep <= maxSweeps; sweep++) _ledger.RemoveStale(maxSweeps);

        _ledger.Register(Deliver(redelivered: true), out var kind);
        Assert.Equal(DeliveryKind.Redelivered, kind);
    }

    /// <summary>However long the connection is away, a job that runs is not forgotten: it would run twice.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RemoveStale_RunningJob_IsKept(bool isEnding)
    {
        var job = Running();
        if (isEnding) job.MarkEnding();
        Reconnect();
        for (var sweep = 0; sweep < 5; sweep++) _ledger.RemoveStale(1);

        var again = Redeliver();

        Assert.Same(job, again.Job);
        Assert.NotEmpty(again.Body);
    }

    [Fact]
    public void RemoveStale_OneOfTwoEqualJobs_KeepsTheOther()
    {
        var (ended, running) = (Running(), Running());
        Reconnect();
        ended.Complete(Settlement.Ack);
        for (var sweep = 0; sweep < 5; sweep++) _ledger.RemoveStale(1);

        Assert.Same(running, Redeliver().Job);
        Assert.NotSame(ended, Redeliver().Job);
    }

    private Delivery Redeliver(string id = "job")
    {
        var delivery = Deliver(redelivered: true, id);
        _ledger.Register(delivery, out _);
        return delivery;
    }

    private InFlightJob Running(string id = "job")
    {
        var job = Waiting(id);
        Assert.True(job.TryStart());
        return job;
    }

    private InFlightJob Waiting(string id = "job")
    {
        var delivery = Deliver(redelivered: false, id);
        _ledger.Register(delivery, out _);
        return delivery.Job!;
    }

    private void Reconnect()
    {
        _bus.IsAlive = false;
        _bus = new JobBus();
    }

    private Delivery Deliver(bool redelivered, string id = "job")
    {
        var delivery = _bench.Deliver(redelivered: redelivered, id: id);
        return new Delivery(_bus, delivery.Info, delivery.Properties, delivery.Body);
    }
}
