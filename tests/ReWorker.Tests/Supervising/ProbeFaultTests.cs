using ReWorker.Deliveries;
using ReWorker.Supervision;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The probe of a worker that stops, of several workers, of a broker that does not answer.</summary>
public sealed class ProbeFaultTests : ProbeTest
{
    /// <summary>A stopping worker has no consumer, and needs its channel to acknowledge the jobs that run.</summary>
    [Fact]
    public async Task Probe_WhileTheWorkerStops_IsContent()
    {
        await ReceiveAsync(1);
        await StartAsync();
        var part = Part();
        await Consumers.CancelAsync(CancellationToken.None);
        Broker.Queues[Queue] = (5, 0);
        await ProbeAsync(5);

        Assert.False(IsLost);
        Assert.Equal(part, Part());
        Assert.Equal(5, Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"));
    }

    /// <summary>Each worker of the process is probed, and judged by its own queue.</summary>
    [Fact]
    public async Task Probe_TheSecondWorkerIsNotServed_Reconnects()
    {
        await AddWorkerAsync(new TestRunner(options: new WorkerOptions { Queue = "other" }));
        Broker.Queues["worker.other"] = (0, 1);
        await StartAsync();
        Broker.Queues["worker.other"] = (0, 0);
        await ProbeAsync();
        var first = (IsLost, Part());
        await ProbeAsync();

        Assert.Equal((false, (true, "consuming")), first);
        Assert.StartsWith("worker.other: ", (await Epoch.Loss).Detail, StringComparison.Ordinal);
    }

    /// <summary>A job whose connection died is remembered until the broker can't redeliver it any more.</summary>
    [Fact]
    public async Task Probe_JobsOfADeadConnection_AreForgottenAfterForty()
    {
        Lose("a", 1, redelivered: false, out _);
        Lose("b", 2, redelivered: false, out _);
        Worker.Bus.Die();
        await StartAsync();
        await ProbeAsync(39);
        Lose("a", 3, redelivered: true, out var atForty);
        await ProbeAsync();
        Lose("b", 4, redelivered: true, out var later);

        Assert.Equal((DeliveryKind.Adopted, DeliveryKind.Redelivered), (atForty, later));

        void Lose(string id, ulong tag, bool redelivered, out DeliveryKind kind)
        {
            var properties = new RabbitMQ.Client.BasicProperties { CorrelationId = id };
            var delivery = new Delivery(Worker.Bus, new DeliveryInfo("", tag, redelivered, "", ""), properties, []);
            Worker.Runner.Ledger.Register(delivery, out kind);
        }
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(10, 40)]
    [InlineData(40, 40)]
    [InlineData(60, 60)]
    [InlineData(600, 600)]
    public void MaxStaleSweeps_OfAHeartbeat_IsFourOfIt(int heartbeat, int expected) =>
        Assert.Equal(expected, ConsumptionProbe.MaxStaleSweeps(TimeSpan.FromSeconds(heartbeat)));

    /// <summary>The operators' page promises that a consumer that is not served is noticed within 15 s.</summary>
    [Fact]
    public void Interval_OfTheProbe_IsAThirdOfFifteenSecondsAtMost() =>
        Assert.InRange(ConsumptionProbe.Interval.TotalSeconds, 1, 5);

    /// <summary>Three calls, each with the connect timeout of 15 s.</summary>
    [Fact]
    public async Task Probe_IsNotAnswered_ReconnectsAfterThreeTimeouts()
    {
        await StartAsync();
        Broker.Waits[Look] = new TaskCompletionSource().Task;
        Time.Advance(ConsumptionProbe.Interval);
        await Until.TrueAsync(() => Broker.Asked(Look, Queue) == 2, "the probe");
        await Time.WaitAsync(TimeSpan.FromSeconds(45));
        Time.Advance(TimeSpan.FromSeconds(44.9));
        Assert.False(IsLost);

        await Time.AdvanceUntilAsync(() => IsLost, "the loss");

        Assert.Equal(new Loss(LossReason.Channel, "probing the queues took longer than 45 s"), await Epoch.Loss);
    }

    [Fact]
    public async Task Probe_TheQueueIsDeleted_Reconnects()
    {
        await StartAsync();
        Broker.Refusals[(Look, Queue)] = 404;
        await ProbeAsync();

        Assert.Equal(LossReason.Channel, (await Epoch.Loss).Reason);
    }

    /// <summary>A job that comes and goes.</summary>
    private async Task ReceiveAsync(ulong tag)
    {
        await DeliverAsync(tag);
        await Until.TrueAsync(() => Consumer.Unsettled == 0 && Worker.Runner.Running == 0, "the job's end");
    }
}
