using ReWorker.Supervision;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The probe counts parked jobs where it may, and declares queues and bindings again once a minute.</summary>
public sealed class ParkedCountTests : ProbeTest
{
    private const string Parked = $"reworker.queue.messages{{queue={Dead}}}";

    [Fact]
    public async Task Count_OfADeadQueue_IsMeasuredAtEachProbe()
    {
        Broker.Queues[Queue] = (2, 1);
        Broker.Queues[Dead] = (3, 0);
        await StartAsync();
        var first = Measured.Gauge(Parked);
        Broker.Queues[Dead] = (4, 0);
        await ProbeAsync();

        Assert.Equal((3, 4), (first, Measured.Gauge(Parked)));
        Assert.Equal(2, Broker.Asked(Look, Dead));
    }

    /// <summary>A channel is closed by each refusal: it asks again only after it has declared the queue.</summary>
    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Count_OfAQueueThatMayNotBeRead_IsLeftOutUntilItIsDeclaredAgain(int code)
    {
        Broker.Refusals[(Look, Dead)] = (ushort)code;
        await StartAsync();
        await ProbeAsync(13);
        var before = (IsLost, Broker.Asked(Look, Dead), Measured.Gauge(Parked));
        // the fifteenth declares again, which looks at the queue once; the sixteenth counts
        await ProbeAsync();
        var declared = Broker.Asked(Look, Dead);
        Broker.Refusals.Clear();
        Broker.Queues[Dead] = (6, 0);
        await ProbeAsync();

        Assert.Equal((false, 1, null), before);
        Assert.Equal((2, 3), (declared, Broker.Asked(Look, Dead)));
        Assert.Equal(6, Measured.Gauge(Parked));
    }

    [Fact]
    public async Task Count_TheConnectionIsLostMeanwhile_EndsTheEpoch()
    {
        var wait = new TaskCompletionSource();
        Broker.Held[(Look, Dead)] = wait.Task;
        var start = StartAsync();
        await Until.TrueAsync(() => Broker.Asked(Look, Dead) == 1, "the count");

        // the client reports a lost connection to each call that waits; its own event follows
        Source.Consumes.Break();
        wait.SetException(FakeChannel.Refusal(404, "gone"));
        await start;

        Assert.Equal(LossReason.Channel, (await Epoch.Loss).Reason);
    }

    /// <summary>Three calls, each with the connect timeout of 15 s.</summary>
    [Fact]
    public async Task Count_IsNeverAnswered_EndsTheEpoch()
    {
        await StartAsync();
        Broker.Held[(Look, Dead)] = new TaskCompletionSource().Task;
        Time.Advance(ConsumptionProbe.Interval);
        await Until.TrueAsync(() => Broker.Asked(Look, Dead) == 2, "the count");

        await Time.AdvanceUntilAsync(() => IsLost, "the loss");

        Assert.Equal(
            new Loss(LossReason.Channel, "counting the parked jobs took longer than 45 s"), await Epoch.Loss);
    }

    [Theory]
    [InlineData(399, true)]
    [InlineData(400, false)]
    [InlineData(499, false)]
    [InlineData(500, true)]
    public async Task Count_IsAnsweredWithACode_EndsTheEpochIfItIsNoRefusal(int code, bool isLost)
    {
        Broker.Refusals[(Look, Dead)] = (ushort)code;
        await StartAsync();
        await ProbeAsync();

        Assert.Equal(isLost, IsLost);
    }

    [Fact]
    public async Task Queues_OfAllWorkers_AreDeclaredAgainAtEachFifteenth()
    {
        await AddWorkerAsync(new TestRunner(options: new WorkerOptions { Queue = "other" }));
        await StartAsync();
        await ProbeAsync(13);
        var before = Bound();
        await ProbeAsync();
        var first = Bound();
        await ProbeAsync(14);
        var waiting = Bound();
        await ProbeAsync();

        Assert.Equal(((0, 0), (1, 1), (1, 1), (2, 2)), (before, first, waiting, Bound()));

        (int, int) Bound() =>
            (Broker.Asked("QueueBindAsync", Queue), Broker.Asked("QueueBindAsync", "worker.other"));
    }

    /// <summary>During an alarm, the broker reads nothing from the connection that publishes.</summary>
    [Fact]
    public async Task Queues_OfAllProbes_AreAskedForWhereJobsAreConsumed()
    {
        await StartAsync();
        await ProbeAsync(15);

        Assert.Equal(1, Broker.Asked("QueueBindAsync", Queue));
        Assert.Single(Source.Publishes.Channels);
    }

    /// <summary>A cluster without its majority can't answer, but may serve the queue all the same.</summary>
    [Fact]
    public async Task Queues_TheirDeclarationIsNotAnswered_StaysConnected()
    {
        await StartAsync();
        await ProbeAsync(13);
        Broker.Waits["QueueBindAsync"] = new TaskCompletionSource().Task;
        Time.Advance(ConsumptionProbe.Interval);
        await Until.TrueAsync(() => Broker.Asked("QueueBindAsync", Queue) == 1, "the declaration");
        var asked = Broker.Asked(Look, Queue);
        await Time.AdvanceUntilAsync(() => Broker.Asked(Look, Queue) > asked, "the next probe");

        Assert.False(IsLost);
    }
}
