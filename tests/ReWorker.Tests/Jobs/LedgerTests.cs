using System.Text;
using RabbitMQ.Client;
using ReWorker;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Health;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What the ledger makes of jobs that look the same, and of those that went elsewhere.</summary>
public sealed class LedgerTests
{
    private readonly Ledger _ledger = new();
    private readonly HeldBus _first = new();
    private readonly HeldBus _second = new();

    /// <summary>One of two equal jobs is acknowledged early and runs on; what comes again is the other.</summary>
    [Fact]
    public void Take_OneOfTwoEqualJobs_IsTheOneThatIsNotSettled()
    {
        var (open, early) = (Begin(_first), Begin(_first));
        Assert.True(early.TrySettle(Settlement.Ack));
        _first.Die();

        var again = Deliver(_second, redelivered: true);
        _ledger.Register(again, out var kind);

        Assert.Equal((DeliveryKind.Adopted, open), (kind, again.Job));
        Assert.Empty(_second.Settled);
    }

    /// <summary>All slots are busy, and the connection is lost: those that wait here run elsewhere, and need no room here.</summary>
    [Fact]
    public void Sweep_JobThatWaitsForASlotAndWentElsewhere_IsForgotten()
    {
        var delivery = Deliver(_first, redelivered: false);
        _ledger.Register(delivery, out _);
        _first.Die();
        for (var i = 0; i < 4; i++) _ledger.RemoveStale(2);

        _ledger.Register(Deliver(_second, redelivered: true), out var kind);

        Assert.Equal(DeliveryKind.Redelivered, kind);
        Assert.Empty(delivery.Body);
        Assert.False(delivery.Job!.TryStart());
    }

    /// <summary>A worker that remembers for minutes must not keep the large bodies of each outage so long.</summary>
    [Fact]
    public void Sweep_JobThatWaitsForItsRedelivery_KeepsNoBodyMeanwhile()
    {
        var delivery = Deliver(_first, redelivered: false);
        _ledger.Register(delivery, out _);
        _first.Die();
        _ledger.RemoveStale(2);

        var again = Deliver(_second, redelivered: true);
        _ledger.Register(again, out var kind);

        Assert.Empty(delivery.Body);
        Assert.Equal(DeliveryKind.Adopted, kind);
        Assert.True(again.Job!.TryStart());
        Assert.NotEmpty(again.Job!.Delivery.Body);
    }

    /// <summary>Long outages, one after the other: each begins the count anew.</summary>
    [Fact]
    public void Sweep_JobThatCameAgainAndLostItsConnectionAgain_IsRememberedAsLong()
    {
        var job = Begin(_first);
        job.MarkEnding();
        job.Complete(Settlement.Ack);
        _first.Die();
        for (var i = 0; i < 2; i++) _ledger.RemoveStale(2);
        _ledger.Register(Deliver(_second, redelivered: true), out _);
        _second.Die();
        for (var i = 0; i < 2; i++) _ledger.RemoveStale(2);

        _ledger.Register(Deliver(new HeldBus(), redelivered: true), out var kind);

        Assert.Equal(DeliveryKind.Duplicate, kind);
    }

    /// <summary>The broker may take three heartbeats to find that a line is dead, a cluster 135 s to give back what was in hand at a lost node, and delivers again only then.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(600)]
    public void Sweeps_OutliveTheBrokersPatience(int heartbeat) =>
        Assert.InRange(ConsumptionProbe.MaxStaleSweeps(TimeSpan.FromSeconds(heartbeat)) * ConsumptionProbe.Interval, TimeSpan.FromSeconds(Math.Max(150, 3 * heartbeat)), TimeSpan.FromHours(1));

    private InFlightJob Begin(HeldBus bus)
    {
        var delivery = Deliver(bus, redelivered: false);
        _ledger.Register(delivery, out _);
        Assert.True(delivery.Job!.TryStart());
        return delivery.Job!;
    }

    private static Delivery Deliver(HeldBus bus, bool redelivered) =>
        new(bus, new DeliveryInfo("tag", 1, redelivered, "re", "worker.frob"), new BasicProperties { CorrelationId = "same" }, Encoding.UTF8.GetBytes("{}"));
}
