using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Options;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A stop that comes in the midst of a delivery.</summary>
public sealed class RunnerTests
{
    [Fact]
    public void Accept_WhileAStopComesInBetween_HandsTheJobBack()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        var bus = new HeldBus();
        var worker = new FrobWorker(new Frob((_, _, _) => Task.FromResult<object?>(null)));
        using var runner = new Runner(new RunnerParts("FrobWorker", worker, new WorkerOptions { Queue = "frob" }, bus, instruments, TimeProvider.System), NullLogger.Instance);
        runner.Accept(Deliver(bus, 1, redelivered: false));
        // the ledger looks at the first job while it takes the second, and the worker is stopped in that moment
        bus.OnLook = () =>
        {
            bus.OnLook = null;
            runner.StopTaking();
        };

        runner.Accept(Deliver(bus, 2, redelivered: true));

        Assert.Equal([(1UL, Settlement.Requeue), (2UL, Settlement.Requeue)], bus.Settled.Select(one => (one.Delivery.Info.DeliveryTag, one.How)));
    }

    private static Delivery Deliver(HeldBus bus, ulong tag, bool redelivered) =>
        new(bus, new DeliveryInfo("tag", tag, redelivered, "re", "worker.frob"), new BasicProperties { CorrelationId = "same" }, Encoding.UTF8.GetBytes("{}"));
}
