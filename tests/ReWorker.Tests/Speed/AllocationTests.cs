using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Settings;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Speed;

/// <summary>
/// What a job allocates in the runtime, from its delivery to its acknowledgement, without the client. Allocation does
/// not depend on how fast the machine is; of several measurements the least counts, since others can only add to it.
/// That is the same to within 1 %, and the limits are 2 to 3 % above it.
/// </summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests : IDisposable
{
    private const int Jobs = 1000;
    private const int Measurements = 7;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Instruments _instruments;

    public AllocationTests() => _instruments = new Instruments(_services.GetRequiredService<IMeterFactory>());

    public void Dispose()
    {
        _instruments.Dispose();
        _services.Dispose();
    }

    [Theory]
    [InlineData(0, 5_270)]
    [InlineData(3, 9_170)]
    public async Task Job_WithLines_AllocatesAtMost(int lines, int bytes)
    {
        var worker = new TalkingWorker { Json = new JobJson(TalkingJson.Default) };
        var options = new WorkerOptions { Queue = "talking" };
        var bus = new ConfirmingBus();
        var ledger = new Ledger();
        var context = new WorkerContext(worker, options, bus, _instruments, TimeProvider.System, NullLogger.Instance);
        var (run, ending) = (new JobExecution(context), new JobEnding(context));
        var body = Encoding.UTF8.GetBytes($$$"""{"group":"g","parameters":{"command":"talking","subcommand":"Run","hosts":["a.example.com"],"lines":{{{lines}}}},"dynamic":{"environment":"dev"},"notify":{}}""");
        var properties = new BasicProperties { CorrelationId = Guid.NewGuid().ToString(), ReplyTo = "replies" };

        var least = long.MaxValue;
        for (var measurement = 0; measurement < Measurements; measurement++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var number = 1; number <= Jobs; number++)
            {
                var delivery = new Delivery(bus, new DeliveryInfo("tag", (ulong)number, false, Names.Exchange, "worker.talking"), properties, [.. body]);
                ledger.Register(delivery, out _);
                delivery.Job!.TryStart();
                await ending.EndAsync(delivery.Job!, await run.RunAsync(delivery.Job!, TestContext.Current.CancellationToken));
                ledger.Remove(delivery.Job!);
            }
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Jobs);
        }

        Assert.Equal(Jobs * Measurements, bus.Acks);
        Assert.Equal(Jobs * Measurements * (lines + 2), bus.Messages);
        Assert.True(least <= bytes, $"{least} bytes a job; at most {bytes}");
    }

    private sealed class TalkingWorker : Worker<TalkingParameters>
    {
        protected internal override IReadOnlyList<string> Dynamic { get; } = ["environment"];

        protected internal override Task<object?> ProcessAsync(Job<TalkingParameters> job, CancellationToken cancel)
        {
            for (var line = 0; line < job.Parameters.Lines; line++) job.Output.LogInformation("Frobbing host {Number}", line);
            return Task.FromResult<object?>(null);
        }
    }

    /// <summary>Makes of each message what the client is given, and confirms it at once.</summary>
    private sealed class ConfirmingBus : IPublisher, IDeliverySource
    {
        public int Messages { get; private set; }

        public int Acks { get; private set; }

        public bool IsAlive => true;

        public IChannel? Channel => null;

        public void Enqueue(PendingMessage message)
        {
            Assert.True(message.ToProperties().Persistent);
            Messages++;
            message.Owner.HandleSettled(message);
        }

        public void Resend(PendingMessage message) => Assert.Fail("nothing was refused");

        public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

        public void Settle(Delivery delivery, Settlement how) => Acks += how is Settlement.Ack ? 1 : 0;

        public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;
    }
}

internal sealed class TalkingParameters
{
    public int Lines { get; set; }
}

[JsonSerializable(typeof(TalkingParameters))]
internal sealed partial class TalkingJson : JsonSerializerContext;
