using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>What the probe takes for a consumer that is not served, and when it has the supervisor reconnect.</summary>
public sealed class ConsumptionProbeTests : ProbeTest
{
    private readonly TaskCompletionSource<object?> _end = new();
    private bool _jobsEnd = true;

    private protected override Task<object?> RunAsync(Job job, CancellationToken cancel) =>
        _jobsEnd ? Task.FromResult<object?>(null) : _end.Task;

    [Fact]
    public async Task Probe_TheQueueIsEmpty_IsContent()
    {
        await ReceiveAsync(1);
        Broker.Queues[Queue] = (0, 1);
        await StartAsync();
        await ProbeAsync(40);

        Assert.False(IsLost);
        Assert.Equal((true, "consuming"), Part());
        Assert.Equal(0, Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"));
    }

    [Fact]
    public async Task Probe_JobsWaitBesideAnIdleWorker_ReconnectsAtTheSecond()
    {
        await ReceiveAsync(1);
        Broker.Queues[Queue] = (5, 2);
        await StartAsync();
        await ProbeAsync();
        var first = (IsLost, Part());
        await ProbeAsync();

        Assert.Equal((false, (false, "5 ready jobs, none is delivered")), first);
        Assert.Equal(
            new Loss(
                LossReason.NotConsuming,
                $"{Queue}: 5 ready jobs, none is delivered; the broker counts 2 consumers"),
            await Epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal(3, Broker.Asked(Look, Queue));
    }

    [Fact]
    public async Task Probe_AJobArrivesBetweenProbes_IsContent()
    {
        Broker.Queues[Queue] = (5, 1);
        await StartAsync();
        for (var tag = 1ul; tag <= 40; tag++)
        {
            await ReceiveAsync(tag);
            await ProbeAsync();
        }

        Assert.False(IsLost);
        Assert.Equal((true, "consuming"), Part());
        Assert.Equal(5, Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"));
    }

    /// <summary>Idle, served, idle, served: never twice in a row.</summary>
    [Fact]
    public async Task Probe_IdleEveryOtherTime_IsContent()
    {
        await ReceiveAsync(1);
        Broker.Queues[Queue] = (5, 1);
        await StartAsync();
        for (var tag = 2ul; tag <= 10; tag++)
        {
            await ProbeAsync();
            Assert.False(Part().IsHealthy);
            await ReceiveAsync(tag);
            await ProbeAsync();
            Assert.True(Part().IsHealthy);
        }

        Assert.False(IsLost);
    }

    /// <summary>The prefetch is three: the broker may not deliver more until one of them is settled.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(2, true)]
    public async Task Probe_JobsWaitForTheirReplies_ReconnectsOnlyIfThePrefetchHasRoom(int unsettled, bool isLost)
    {
        for (var tag = 1; tag <= unsettled; tag++) await DeliverAsync((ulong)tag, replyTo: "replies");
        await Until.TrueAsync(() => Worker.Runner.Running == 0 && Ended(unsettled), "the jobs' end");
        Broker.Queues[Queue] = (5, 1);
        await StartAsync();
        await ProbeAsync(3);

        Assert.Equal(unsettled, Consumer.Unsettled);
        Assert.Equal(isLost, IsLost);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public async Task Probe_JobsRun_ReconnectsOnlyIfASlotIsFree(int running, bool isLost)
    {
        _jobsEnd = false;
        for (var tag = 1; tag <= running; tag++) await DeliverAsync((ulong)tag);
        await Until.TrueAsync(() => Worker.Runner.Running == running, "the jobs");
        Broker.Queues[Queue] = (5, 1);
        await StartAsync();
        await ProbeAsync(3);

        Assert.Equal(isLost, IsLost);
    }

    /// <summary>A consumer that was never served may be second in line: it is given two minutes.</summary>
    [Fact]
    public async Task Probe_TheConsumerWasNeverServed_ReconnectsAtTheThirtieth()
    {
        Broker.Queues[Queue] = (5, 1);
        await StartAsync();
        await ProbeAsync(28);
        var before = (IsLost, Part().IsHealthy);
        await ProbeAsync();

        Assert.Equal((false, false), before);
        Assert.Equal(LossReason.NotConsuming, (await Epoch.Loss).Reason);
    }

    /// <summary>Whether it was served or not, whether jobs wait or not: without a consumer none is delivered.</summary>
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    public async Task Probe_TheConsumerIsGone_ReconnectsAtTheSecond(bool wasServed, int messages)
    {
        if (wasServed) await ReceiveAsync(1);
        await StartAsync();
        Broker.Queues[Queue] = ((uint)messages, 0);
        await ProbeAsync();
        var first = IsLost;
        await ProbeAsync();

        Assert.Equal((false, true), (first, IsLost));
        Assert.EndsWith("the broker counts 0 consumers", (await Epoch.Loss).Detail, StringComparison.Ordinal);
    }

    /// <summary>A node reports neither messages nor consumers while a quorum queue has no leader.</summary>
    [Fact]
    public async Task Probe_TheQueueHasNoLeader_KeepsWhatItShowedBefore()
    {
        Broker.Queues[Queue] = (7, 1);
        await ReceiveAsync(1);
        await StartAsync();
        Broker.Queues[Queue] = (0, 0);
        await ProbeAsync();
        var (length, part) = (Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"), Part());
        Broker.Queues[Queue] = (0, 1);
        await ProbeAsync();

        Assert.Equal((7d, (true, "consuming")), (length, part));
        Assert.False(IsLost);
        Assert.Equal(0, Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"));
    }

    [Fact]
    public async Task Probe_JobsWaitAndNobodyConsumes_ShowsHowMany()
    {
        await StartAsync();
        Broker.Queues[Queue] = (8, 0);
        await ProbeAsync();

        Assert.Equal(8, Measured.Gauge($"reworker.queue.messages{{queue={Queue}}}"));
    }

    private bool Ended(int jobs) => Worker.Jobs.Count(job => job.State is JobState.Ending) == jobs;

    /// <summary>A job that comes and goes.</summary>
    private async Task ReceiveAsync(ulong tag)
    {
        await DeliverAsync(tag);
        await Until.TrueAsync(() => Consumer.Unsettled == 0 && Worker.Runner.Running == 0, "the job's end");
    }
}
