using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What comes in the midst of a delivery or of a job: a stop, somebody else's exception.</summary>
public sealed class RunnerTests
{
    [Fact]
    public void Accept_WhileAStopComesInBetween_HandsTheJobBack()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        var bus = new HeldBus();
        var worker = new FrobWorker(new Frob((_, _, _) => Task.FromResult<object?>(null)));
        using var runner = new Runner(new WorkerContext(worker, new WorkerOptions { Queue = "frob" }, bus, instruments, TimeProvider.System, NullLogger.Instance));
        runner.Accept(Deliver(bus, 1, redelivered: false));
        // the ledger looks at the first job while it takes the second, and the worker is stopped in that moment
        bus.OnLook = () =>
        {
            bus.OnLook = null;
            runner.StopAccepting();
        };

        runner.Accept(Deliver(bus, 2, redelivered: true));

        Assert.Equal([(1UL, Settlement.RequeueUncounted), (2UL, Settlement.RequeueUncounted)], bus.Settled.Select(one => (one.Delivery.Info.DeliveryTag, one.How)));
    }

    /// <summary>An owner's listener to the metrics throws into the runtime: that costs no slot.</summary>
    [Fact]
    public async Task Job_WhoseMeasurementThrows_LeavesItsSlotToTheNext()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        using var listener = new MeterListener { InstrumentPublished = (one, self) => { if (one == instruments.Jobs) self.EnableMeasurementEvents(one); } };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("no room for measurements"));
        var ran = new SemaphoreSlim(0);
        var worker = new FrobWorker(new Frob((_, _, _) => { ran.Release(); return Task.FromResult<object?>(null); }));
        using var runner = new Runner(
            new WorkerContext(worker, new WorkerOptions { Queue = "frob", Concurrency = 1 }, new HeldBus(), instruments, TimeProvider.System, NullLogger.Instance));
        runner.Start();
        listener.Start();

        for (var tag = 1UL; tag <= 3; tag++) runner.Accept(Deliver(new HeldBus(), tag, redelivered: false));

        for (var job = 1; job <= 3; job++) Assert.True(await ran.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), $"job {job} does not run");
        runner.StopAccepting();
    }

    private static Delivery Deliver(HeldBus bus, ulong tag, bool redelivered) =>
        new(bus, new DeliveryInfo("tag", tag, redelivered, "re", "worker.frob"), new BasicProperties { CorrelationId = "same" }, Encoding.UTF8.GetBytes("{}"));
}
