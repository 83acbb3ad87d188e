using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Health;
using ReWorker.Telemetry;
using ReWorker.Tests.Operations;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The instruments are those of the operators' page; counters start at 0; gauges show the health.</summary>
public sealed class InstrumentsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly HealthState _health = new(
        Microsoft.Extensions.Options.Options.Create(new BrokerOptions()), TimeProvider.System);
    private readonly Measurements _measured;
    private readonly Instruments _instruments;

    public InstrumentsTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _measured = new Measurements(meters);
        _instruments = new Instruments(meters, _health);
    }

    public void Dispose()
    {
        _measured.Dispose();
        _instruments.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Instruments_ByNameTypeAndUnit_AreThoseOfThePage()
    {
        var expected = OperatorsPage.Metrics.Select(metric => $"{metric.Name} {metric.Type}");

        var there = _measured.Instruments.Select(one => one switch
        {
            Counter<long> => $"{Name(one)}_total counter",
            Histogram<double> => $"{Name(one)}_seconds histogram",
            _ => $"{Name(one)} gauge",
        });

        Assert.Equal(expected.Order(), there.Order());
        Assert.All(_measured.Instruments, one =>
        {
            Assert.Matches(one is Histogram<double> ? "^s$" : @"^\{[a-z]+\}$", one.Unit);
            Assert.EndsWith(".", one.Description, StringComparison.Ordinal);
            Assert.Equal("ReWorker", one.Meter.Name);
        });

        static string Name(Instrument one) => one.Name.Replace('.', '_');
    }

    /// <summary>A counter that starts with its first event shows no increase.</summary>
    [Fact]
    public void Counters_OfAStartedWorker_StartAtZero()
    {
        _instruments.InitializeCounters("StepWorker", "worker.step", ["completed", "failed"]);

        Assert.Equal(
            [
                "reworker.connect.failures",
                "reworker.jobs.parked{worker=StepWorker}",
                "reworker.jobs{worker=StepWorker,outcome=completed}",
                "reworker.jobs{worker=StepWorker,outcome=failed}",
                "reworker.reconnects{reason=channel}",
                "reworker.reconnects{reason=confirm_timeout}",
                "reworker.reconnects{reason=connection}",
                "reworker.reconnects{reason=consumer_cancelled}",
                "reworker.reconnects{reason=not_consuming}",
                "reworker.reconnects{reason=publishing}",
            ],
            _measured.Counters);
        Assert.Empty(_measured.Counted);
    }

    [Theory]
    [InlineData(false, false, false, 0, 0, 0)]
    [InlineData(false, true, true, 0, 0, 0)]
    [InlineData(true, true, true, 1, 0, 1)]
    [InlineData(true, false, true, 1, 1, 1)]
    [InlineData(true, true, false, 1, 0, 0)]
    public void Gauges_OfTheHealth_FollowIt(
        bool isConnected, bool acceptsMessages, bool consumes, int up, int blocked, int consuming)
    {
        _instruments.InitializeCounters("StepWorker", "worker.step", []);
        _health.Set(HealthState.Connection, isConnected, "");
        _health.Set(HealthState.Broker, acceptsMessages, "");
        _health.Set(HealthState.Queue("worker.step"), consumes, "");
        _health.Set(HealthState.Queue("worker.other"), !consumes, "");

        Assert.Equal(up, _measured.Gauge("reworker.connection.up"));
        Assert.Equal(blocked, _measured.Gauge("reworker.publish.blocked"));
        Assert.Equal(consuming, _measured.Gauge("reworker.consuming{queue=worker.step}"));
        Assert.Null(_measured.Gauge("reworker.consuming{queue=worker.other}"));
    }

    [Fact]
    public void Gauges_OfJobsAndQueues_ShowTheLastValue()
    {
        _instruments.JobStarted();
        _instruments.JobStarted();
        _instruments.JobEnded();
        _instruments.SetQueueLength("worker.step", 5);
        _instruments.SetQueueLength("worker.step", 3);
        _instruments.SetQueueLength("worker.step.dead", 7);

        Assert.Equal(1, _measured.Gauge("reworker.jobs.in_flight"));
        Assert.Equal(3, _measured.Gauge("reworker.queue.messages{queue=worker.step}"));
        Assert.Equal(7, _measured.Gauge("reworker.queue.messages{queue=worker.step.dead}"));
    }

    [Fact]
    public void Histograms_HaveBoundariesForTheirRange()
    {
        var job = Assert.IsType<Histogram<double>>(_instruments.JobDuration).Advice!.HistogramBucketBoundaries!;
        var outage = Assert.IsType<Histogram<double>>(_instruments.Outage).Advice!.HistogramBucketBoundaries!;

        Assert.Equal((0.005, 3600, 16), (job[0], job[^1], job.Count));
        Assert.Equal((0.1, 3600, 11), (outage[0], outage[^1], outage.Count));
        Assert.Equal(job.Order(), job);
        Assert.Equal(outage.Order(), outage);
    }

    [Fact]
    public void Instruments_WithoutAConnection_ShowNoneOfItsGauges()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var measured = new Measurements(meters);
        using var instruments = new Instruments(meters);

        Assert.Null(measured.Gauge("reworker.connection.up"));
        Assert.Equal(0, measured.Gauge("reworker.jobs.in_flight"));
    }

    [Fact]
    public void MetricLabel_OfAValue_IsInSnakeCase() =>
        Assert.Equal("confirm_timeout", MetricLabel.For(LossReason.ConfirmTimeout));
}
