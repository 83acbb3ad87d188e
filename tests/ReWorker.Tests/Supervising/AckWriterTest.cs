using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The base of the tests of acknowledgements: a writer on a fake channel, with a prefetch of three.</summary>
public abstract class AckWriterTest : IAsyncDisposable
{
    private protected TestRunner Runner { get; } = new(options: new WorkerOptions { Queue = "frob", Prefetch = 3 });

    private protected FakeChannel Channel { get; } = FakeChannel.Create();
    private protected Epoch Epoch { get; } = new(TimeProvider.System);
    private protected Dictionary<ulong, Delivery> Deliveries { get; } = [];
    private protected AckWriter Writer { get; }

    protected AckWriterTest() => Writer = new AckWriter(Channel.Channel, Epoch, Runner.Runner);

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What was written: a frame each.</summary>
    private protected IEnumerable<string> Written => Channel.Calls.Select(
        call => $"{call.Method[5..^5]} {string.Join(' ', call.Arguments.Where(one => one is ulong or bool))}");

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Epoch.DisposeAsync();
        Runner.Dispose();
    }

    private protected void Deliver(ulong from, ulong to)
    {
        for (var tag = from; tag <= to; tag++)
        {
            Deliveries[tag] = Delivery(tag, redelivered: false);
            Runner.Runner.Ledger.Register(Deliveries[tag], out _);
            Writer.Track(tag);
        }
    }

    private Delivery Delivery(ulong tag, bool redelivered) => new(
        Runner.Bus, new DeliveryInfo("tag", tag, redelivered, "", "worker.frob"),
        new BasicProperties { CorrelationId = $"{tag}" }, []);

    private protected void Settle(Settlement settlement, params ulong[] tags)
    {
        foreach (var tag in tags) Writer.Settle(Deliveries[tag], settlement);
    }

    /// <summary>Starts to write: everything that is settled so far is one batch.</summary>
    private protected Task WriteAsync()
    {
        var flush = FlushAsync();
        _ = Task.Run(Writer.RunAsync, Cancel);
        return flush;
    }

    private protected Task FlushAsync() => Writer.FlushAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    /// <summary>What a redelivery is to the ledger, once the connection is lost.</summary>
    private protected DeliveryKind KindOfRedelivery(ulong tag)
    {
        Runner.Bus.Die();
        Runner.Runner.Ledger.Register(Delivery(tag, redelivered: true), out var kind);
        return kind;
    }

    private protected bool IsKnown(ulong tag) => Runner.Jobs.Contains(Deliveries[tag].Job);
}
