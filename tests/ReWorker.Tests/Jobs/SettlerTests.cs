using System.Collections;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Acknowledgements beside a job that takes its time. Memory is the process's: nothing else may run.</summary>
[CollectionDefinition(nameof(SettlerTests), DisableParallelization = true)]
[Collection(nameof(SettlerTests))]
public sealed class SettlerTests
{
    private const int Jobs = 60_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>One job runs for an hour while its neighbours come and go: what is settled takes no room.</summary>
    [Fact]
    public async Task Memory_BesideALongJob_DoesNotGrow()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        var bus = new HeldBus();
        var worker = new FrobWorker(new Frob((_, _, _) => Task.FromResult<object?>(null)));
        using var runner = new Runner(new WorkerContext(worker, new WorkerOptions { Queue = "frob" }, bus, instruments, TimeProvider.System, NullLogger.Instance));
        await using var epoch = new Epoch(TimeProvider.System);
        var channel = DispatchProxy.Create<IChannel, AckedChannel>();
        var acked = (AckedChannel)(object)channel;
        var settler = new AckWriter(channel, epoch, runner);
        _ = settler.RunAsync();

        settler.Track(1); // the long one
        await SettleAsync(2, 10_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SettleAsync(10_001, Jobs);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 400_000, $"{grown} bytes more");

        // the long one ends, and its neighbours' acks gather again
        Settle(1);
        await SettleAsync(Jobs + 1, Jobs + 50);
        Assert.Equal(Jobs + 50, acked.Count);
        Assert.False(epoch.Loss.IsCompleted);
        GC.KeepAlive(settler);

        void Settle(ulong tag) => settler.Settle(new Delivery(bus, new DeliveryInfo("tag", tag, false, "re", "worker.frob"), new BasicProperties(), []), Settlement.Ack);

        async Task SettleAsync(int from, int to)
        {
            for (var tag = (ulong)from; tag <= (ulong)to; tag++)
            {
                settler.Track(tag);
                Settle(tag);
                if (tag % 50 == 0) await settler.FlushAsync(Cancel);
            }
        }
    }

    /// <summary>A broker that is as strict as the real one: an ack of a tag that is not open ends the connection.</summary>
    public class AckedChannel : DispatchProxy
    {
        private readonly BitArray _acked = new(Jobs + 51);
        private int _low = 1;

        /// <summary>How many of the tags are acknowledged.</summary>
        public int Count => Enumerable.Range(1, Jobs + 50).Count(tag => _acked[tag]);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(IChannel.BasicAckAsync), targetMethod!.Name);
            var (tag, multiple) = ((int)(ulong)args![0]!, (bool)args[1]!);
            Assert.False(_acked[tag], $"{tag} was acknowledged before");
            _acked[tag] = true;
            for (; multiple && _low < tag; _low++) _acked[_low] = true;
            return ValueTask.CompletedTask;
        }
    }
}
