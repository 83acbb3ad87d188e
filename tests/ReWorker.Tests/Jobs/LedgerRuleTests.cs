using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which job the ledger finds for a delivery.</summary>
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

    /// <summary>Equal jobs of a lost connection: those that have to run come first, the ended one last.</summary>
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

    private InFlightJob Running()
    {
        var job = Waiting();
        Assert.True(job.TryStart());
        return job;
    }

    private InFlightJob Waiting()
    {
        var delivery = Deliver(redelivered: false);
        _ledger.Register(delivery, out _);
        return delivery.Job!;
    }

    private void Reconnect()
    {
        _bus.IsAlive = false;
        _bus = new JobBus();
    }

    private Delivery Deliver(bool redelivered)
    {
        var delivery = _bench.Deliver(redelivered: redelivered);
        return new Delivery(_bus, delivery.Info, delivery.Properties, delivery.Body);
    }
}
