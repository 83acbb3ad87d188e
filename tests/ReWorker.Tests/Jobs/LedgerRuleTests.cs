using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which job the ledger finds for a delivery, and when it forgets one.</summary>
public sealed class LedgerRuleTests : IDisposable
{
    private readonly JobBench _bench = JobBench.Idle();
    private readonly Ledger _ledger = new();
    private JobBus _bus = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(false, "Fresh")]
    [InlineData(true, "Redelivered")]
    public void Register_UnknownJob_HasToRun(bool redelivered, string kind)
    {
        var delivery = Deliver(redelivered);

        Assert.True(_ledger.Register(delivery, out var found));

        Assert.Equal((kind, JobState.Waiting), ($"{found}", delivery.Job!.State));
        Assert.Same(delivery, delivery.Job.Delivery);
    }

    /// <summary>A requester may send the same job twice: the second is a job of its own.</summary>
    [Fact]
    public void Register_EqualJobThatIsNoRedelivery_RunsToo()
    {
        var first = Running();
        Reconnect();

        var second = Deliver(redelivered: false);

        Assert.True(_ledger.Register(second, out var kind));
        Assert.Equal(DeliveryKind.Fresh, kind);
        Assert.NotSame(first, second.Job);
    }

    [Fact]
    public void Register_RedeliveryOfAJobWhoseDeliveryLives_IsAnotherJob()
    {
        var first = Running();
        var second = Deliver(redelivered: true);

        Assert.True(_ledger.Register(second, out var kind));
        Assert.Equal(DeliveryKind.Redelivered, kind);
        Assert.NotSame(first, second.Job);
    }

    [Fact]
    public void Register_RedeliveryOfARunningJob_GoesOnWithIt()
    {
        var job = Running();
        Reconnect();

        Assert.False(_ledger.Register(Deliver(redelivered: true), out var kind));
        Assert.Equal((DeliveryKind.Adopted, JobState.Running), (kind, job.State));

        job.Complete(Settlement.Ack);
        Assert.Equal((job.Delivery, Settlement.Ack), Assert.Single(_bus.Settled));
    }

    /// <summary>Its place among those that wait for a slot is still there.</summary>
    [Fact]
    public void Register_RedeliveryOfAWaitingJob_DoesNotQueueItTwice()
    {
        var job = Waiting();
        Reconnect();

        Assert.False(_ledger.Register(Deliver(redelivered: true), out var kind));
        Assert.Equal(DeliveryKind.Adopted, kind);
        Assert.True(job.TryStart());
    }

    /// <summary>A slot has passed over it, because its delivery was dead.</summary>
    [Fact]
    public void Register_RedeliveryOfAJobThatASlotPassedOver_QueuesItAgain()
    {
        var job = Waiting();
        Reconnect();
        Assert.False(job.TryStart());

        Assert.True(_ledger.Register(Deliver(redelivered: true), out var kind));
        Assert.Equal((DeliveryKind.Adopted, JobState.Waiting), (kind, job.State));
        Assert.True(job.TryStart());
    }

    [Fact]
    public void Register_RedeliveryOfAnEndedJob_IsAcknowledgedAndDoesNotRun()
    {
        var job = Running();
        Reconnect();
        job.Complete(Settlement.Ack);

        Assert.False(_ledger.Register(Deliver(redelivered: true), out var kind));
        Assert.Equal((DeliveryKind.Duplicate, JobState.Ended), (kind, job.State));
        Assert.Equal([Settlement.Ack], _bus.Settlements);
    }

    /// <summary>Three equal jobs of a lost connection: the one that has to run comes first, the ended one last.</summary>
    [Fact]
    public void Register_RedeliveriesOfEqualJobs_FindThoseThatHaveToRunFirst()
    {
        var (ended, running, waiting, passedOver) = (Running(), Running(), Waiting(), Waiting());
        Reconnect();
        ended.Complete(Settlement.Ack);
        Assert.False(passedOver.TryStart());

        var found = Enumerable.Range(0, 4).Select(_ =>
        {
            var again = Deliver(redelivered: true);
            _ledger.Register(again, out var kind);
            return (again.Job, kind);
        }).ToList();

        Assert.Equal(
            [
                (passedOver, DeliveryKind.Adopted), (waiting, DeliveryKind.Adopted),
                (running, DeliveryKind.Adopted), (ended, DeliveryKind.Duplicate),
            ],
            found);
        Assert.True(_ledger.Register(Deliver(redelivered: true), out var last));
        Assert.Equal(DeliveryKind.Redelivered, last);
    }

    /// <summary>The step requeued it, so the broker owes it a second run; this process still runs the first.</summary>
    [Fact]
    public void Register_RedeliveryOfAJobRequeuedEarly_RunsAsANewJob()
    {
        var job = Running();
        job.TrySettle(Settlement.RequeueCounted);
        Reconnect();
        var again = Deliver(redelivered: true);

        Assert.True(_ledger.Register(again, out var kind));
        Assert.Equal(DeliveryKind.Redelivered, kind);
        Assert.NotSame(job, again.Job);
    }

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
        for (var sweep = 0; sweep < maxSweeps; sweep++) _ledger.RemoveStale(maxSweeps);
        _ledger.Register(Deliver(redelivered: true), out var kind);
        Assert.Equal(DeliveryKind.Duplicate, kind);
        Reconnect();

        for (var sweep = 0; sweep <= maxSweeps; sweep++) _ledger.RemoveStale(maxSweeps);

        _ledger.Register(Deliver(redelivered: true), out kind);
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
