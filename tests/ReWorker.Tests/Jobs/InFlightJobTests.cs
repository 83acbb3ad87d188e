using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which steps a job may take in each of its states, and what each step does to its delivery.</summary>
public sealed class InFlightJobTests : IDisposable
{
    private readonly JobBench _bench = JobBench.Idle();
    private readonly JobBus _later = new();

    private JobBus Bus => _bench.Bus;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(7, true)]
    public void Attempt_NewJob_IsOneMoreThanThePriorOnes(int prior, bool redelivered)
    {
        var headers = new Dictionary<string, object?> { ["x-delivery-count"] = (long)prior };

        var job = new InFlightJob(_bench.Deliver(redelivered: redelivered, headers: headers));

        Assert.Equal((prior + 1, redelivered, JobState.Waiting), (job.Attempt, job.WasRedelivered, job.State));
        Assert.Null(job.Settled);
    }

    [Theory]
    [InlineData("Waiting", true, true, "Running")]
    [InlineData("Waiting", false, false, "AwaitingRedelivery")]
    [InlineData("AwaitingRedelivery", true, false, "AwaitingRedelivery")]
    [InlineData("Running", true, false, "Running")]
    [InlineData("Ending", true, false, "Ending")]
    [InlineData("Ended", true, false, "Ended")]
    public void TryStart_EachState_StartsOnlyAWaitingJobWhoseDeliveryLives(
        string state, bool isAlive, bool started, string then)
    {
        var job = _bench.InState(state);
        Bus.IsAlive = isAlive;

        Assert.Equal((started, then), (job.TryStart(), $"{job.State}"));
    }

    [Theory]
    [InlineData("Waiting", true, true, "AwaitingRedelivery")]
    [InlineData("Waiting", false, false, "Waiting")]
    [InlineData("AwaitingRedelivery", true, false, "AwaitingRedelivery")]
    [InlineData("Running", true, false, "Running")]
    [InlineData("Ending", true, false, "Ending")]
    [InlineData("Ended", true, false, "Ended")]
    public void TryWithdraw_EachState_TakesOnlyAWaitingJobWhoseDeliveryLives(
        string state, bool isAlive, bool taken, string then)
    {
        var job = _bench.InState(state);
        Bus.IsAlive = isAlive;

        Assert.Equal((taken, then), (job.TryWithdraw(), $"{job.State}"));
        Assert.True(!taken || !job.TryStart());
    }

    [Theory]
    [InlineData("Waiting", false)]
    [InlineData("AwaitingRedelivery", false)]
    [InlineData("Running", true)]
    [InlineData("Ending", false)]
    [InlineData("Ended", false)]
    public void TrySettle_EachState_SettlesOnlyARunningJob(string state, bool settles)
    {
        var job = _bench.InState(state);
        var before = Bus.Settled.Count;

        Assert.Equal(settles, job.TrySettle(Settlement.RequeueCounted));
        Assert.Equal(before + (settles ? 1 : 0), Bus.Settled.Count);
        if (settles) Assert.Equal(Settlement.RequeueCounted, job.Settled);
    }

    [Theory]
    [InlineData("Ack")]
    [InlineData("RequeueCounted")]
    [InlineData("DeadLetter")]
    public void TrySettle_SecondTime_IsRejected(string first)
    {
        var job = _bench.InState("Running");
        job.TrySettle(Parse(first));

        Assert.False(job.TrySettle(Settlement.Ack));
        Assert.Equal(Parse(first), job.Settled);
        Assert.True(Bus.Settled.Count <= 1);
    }

    /// <summary>A dead-lettered job is acknowledged only at its end, when its copy is safe.</summary>
    [Theory]
    [InlineData("Ack", true, "Ack")]
    [InlineData("RequeueCounted", true, "RequeueCounted")]
    [InlineData("RequeueUncounted", true, "RequeueUncounted")]
    [InlineData("DeadLetter", true, "")]
    [InlineData("Ack", false, "")]
    [InlineData("RequeueCounted", false, "")]
    public void TrySettle_EachSettlement_SettlesADeliveryThatLives(string settlement, bool isAlive, string settled)
    {
        var job = _bench.InState("Running");
        Bus.IsAlive = isAlive;

        Assert.True(job.TrySettle(Parse(settlement)));

        Assert.Equal(settled, string.Join(' ', Bus.Settlements));
        Assert.Equal(JobState.Running, job.State);
    }

    [Theory]
    [InlineData("", "Ack")]
    [InlineData("Ack", "Ack")]
    [InlineData("RequeueCounted", "RequeueCounted")]
    [InlineData("DeadLetter", "Ack")]
    public void Complete_AfterEarlySettlement_SettlesTheDeliveryOnce(string early, string settled)
    {
        var job = _bench.InState("Running");
        if (early.Length > 0) job.TrySettle(Parse(early));
        job.MarkEnding();

        job.Complete(Settlement.Ack);

        Assert.Equal(settled, string.Join(' ', Bus.Settlements));
        Assert.Equal((JobState.Ended, Parse(settled)), (job.State, job.Settled));
        Assert.Empty(job.Delivery.Body);
    }

    [Fact]
    public void Complete_DeliveryDead_SettlesTheRedelivery()
    {
        var job = _bench.InState("Running");
        Bus.IsAlive = false;
        job.Complete(Settlement.Ack);
        Assert.Empty(Bus.Settled);

        var again = Redelivery();

        Assert.Equal(JobState.Ended, job.Adopt(again));
        Assert.Equal((again, Settlement.Ack), Assert.Single(_later.Settled));
        Assert.Empty(again.Body);
        Assert.Same(again, job.Delivery);
    }

    [Theory]
    [InlineData("Waiting", "Waiting")]
    [InlineData("AwaitingRedelivery", "Waiting")]
    [InlineData("Running", "Running")]
    [InlineData("Ending", "Ending")]
    [InlineData("Ended", "Ended")]
    public void Adopt_EachState_ContinuesWithTheNewDelivery(string state, string then)
    {
        var job = _bench.InState(state);
        Bus.IsAlive = false;
        var again = Redelivery();

        var found = job.Adopt(again);

        Assert.Equal((state, then), ($"{found}", $"{job.State}"));
        Assert.Equal((again, job), (job.Delivery, again.Job));
        Assert.Equal(state is "Ended", again.Body.Length == 0);
        Assert.Equal(state is "Ended" ? 1 : 0, _later.Settled.Count);
        Assert.Equal((1, false), (job.Attempt, job.WasRedelivered));
    }

    [Theory]
    [InlineData("Ack", "Ack")]
    [InlineData("RequeueUncounted", "RequeueUncounted")]
    [InlineData("DeadLetter", "")]
    public void Adopt_JobSettledEarly_SettlesTheNewDeliveryTheSameWay(string early, string settled)
    {
        var job = _bench.InState("Running");
        Bus.IsAlive = false;
        job.TrySettle(Parse(early));

        job.Adopt(Redelivery());

        Assert.Equal(settled, string.Join(' ', _later.Settlements));
        Assert.Empty(Bus.Settled);
    }

    /// <summary>The next run may decide anew, but an acknowledgement cannot be undone.</summary>
    [Theory]
    [InlineData("DeadLetter", false)]
    [InlineData("Ack", true)]
    [InlineData("RequeueCounted", true)]
    public void MarkLost_JobSettledEarly_ForgetsOnlyADeadLetter(string early, bool isKept)
    {
        var job = _bench.InState("Running");
        job.TrySettle(Parse(early));

        job.MarkLost();

        Assert.Equal((JobState.AwaitingRedelivery, isKept), (job.State, job.Settled is not null));
    }

    private static Settlement Parse(string settlement) => Enum.Parse<Settlement>(settlement);

    private Delivery Redelivery()
    {
        var first = _bench.Deliver(redelivered: true);
        return new Delivery(_later, first.Info, first.Properties, first.Body);
    }
}
