using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A job whose delivery is dead: which redelivery it fits, and how long it is remembered.</summary>
public sealed class StaleJobTests : IDisposable
{
    private readonly JobBench _bench = JobBench.Idle();

    private JobBus Bus => _bench.Bus;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("Waiting", true, 1)]
    [InlineData("AwaitingRedelivery", true, 0)]
    [InlineData("Running", true, 2)]
    [InlineData("Ending", true, 2)]
    [InlineData("Ended", true, 4)]
    [InlineData("Waiting", false, null)]
    [InlineData("AwaitingRedelivery", false, null)]
    [InlineData("Running", false, null)]
    [InlineData("Ended", false, null)]
    public void RedeliveryRank_EachState_PutsWhatHasToRunFirst(string state, bool isDead, int? rank)
    {
        var job = _bench.InState(state);
        Bus.IsAlive = !isDead;

        Assert.Equal(rank, job.RedeliveryRank());
    }

    /// <summary>A job that was requeued early runs again as a new job; one that was acknowledged does not.</summary>
    [Theory]
    [InlineData("Ack", 3)]
    [InlineData("DeadLetter", 3)]
    [InlineData("RequeueCounted", null)]
    [InlineData("RequeueUncounted", null)]
    public void RedeliveryRank_JobSettledEarly_DependsOnTheSettlement(string early, int? rank)
    {
        var job = _bench.InState("Running");
        job.TrySettle(Enum.Parse<Settlement>(early));
        Bus.IsAlive = false;

        Assert.Equal(rank, job.RedeliveryRank());
    }

    [Theory]
    [InlineData("Waiting", true)]
    [InlineData("AwaitingRedelivery", true)]
    [InlineData("Running", false)]
    [InlineData("Ending", false)]
    [InlineData("Ended", true)]
    public void SweepIfStale_DeadDelivery_IsStaleAfterTheMostSweeps(string state, bool isSwept)
    {
        var job = _bench.InState(state);
        Bus.IsAlive = false;

        Assert.Equal([false, false, isSwept], Enumerable.Range(0, 3).Select(_ => job.SweepIfStale(2)));
        Assert.Equal(isSwept, job.Delivery.Body.Length == 0);
        Assert.Equal(state is "Waiting" ? "AwaitingRedelivery" : state, $"{job.State}");
    }

    [Theory]
    [InlineData("Waiting", true)]
    [InlineData("AwaitingRedelivery", true)]
    [InlineData("Ended", false)]
    public void SweepIfStale_DeliveryAlive_IsNeverStale(string state, bool hasBody)
    {
        var job = _bench.InState(state);

        Assert.All(Enumerable.Range(0, 5), _ => Assert.False(job.SweepIfStale(1)));
        Assert.Equal((state, hasBody), ($"{job.State}", job.Delivery.Body.Length > 0));
    }

    [Fact]
    public void HasNotified_EachPhase_IsNotedByItself()
    {
        var job = _bench.InState("Running");
        job.MarkNotified(Phase.Completed);

        Assert.Equal(
            (false, true, false),
            (job.HasNotified(Phase.Started), job.HasNotified(Phase.Completed), job.HasNotified(Phase.Failed)));
        job.MarkNotified(Phase.Started);
        Assert.True(job.HasNotified(Phase.Started) && job.HasNotified(Phase.Completed));
    }
}
