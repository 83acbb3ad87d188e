using System.Diagnostics.Metrics;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>A consumer passes on what it receives, counts it, and takes nothing of a connection that is dead.</summary>
public sealed class ConsumerTests : IAsyncDisposable
{
    private readonly TaskCompletionSource<object?> _end = new();
    private readonly TaskCompletionSource<Job> _job = new();
    private readonly FakeChannel _channel = FakeChannel.Create();
    private readonly Epoch _epoch = new(TimeProvider.System);
    private readonly TestRunner _runner;
    private readonly Consumer _consumer;

    public ConsumerTests()
    {
        _runner = new TestRunner((job, _) =>
        {
            _job.TrySetResult(job);
            return _end.Task;
        });
        _runner.Runner.Start();
        _consumer = new Consumer(_channel.Channel, _epoch, _runner.Runner);
        _ = _consumer.WriteAcksAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _epoch.DisposeAsync();
        _runner.Dispose();
    }

    [Fact]
    public async Task Delivery_OfAJob_IsRunCountedAndSettled()
    {
        await DeliverAsync(1, "{}"u8.ToArray());
        await DeliverAsync(2, "[]"u8.ToArray());
        var counts = (_consumer.Received, _consumer.Unsettled);
        _end.SetResult(null);
        // the jobs may end in either order, and together or not
        await Until.TrueAsync(() => Acked().Distinct().Count() == 2, "both acks");

        Assert.Equal((2L, 2), counts);
        Assert.Equal((2L, 0), (_consumer.Received, _consumer.Unsettled));

        IEnumerable<ulong> Acked() =>
            from call in _channel.CallsOf("BasicAckAsync")
            from tag in Enumerable.Range(1, 2).Select(number => (ulong)number)
            where call[0] is ulong last && (tag == last || (tag < last && call[1] is true))
            select tag;
    }

    /// <summary>The client uses its buffer again as soon as the handler returns.</summary>
    [Fact]
    public async Task Delivery_TheClientsBufferChanges_KeepsItsBody()
    {
        var buffer = "{\"group\":\"a\"}"u8.ToArray();
        await DeliverAsync(1, buffer);
        await _job.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        buffer.AsSpan().Clear();

        Assert.Equal("{\"group\":\"a\"}", System.Text.Encoding.UTF8.GetString(Taken().Body));
    }

    /// <summary>An invalid job may be settled before the runner returns: the writer must know it by then.</summary>
    [Fact]
    public async Task Delivery_IsSettledAtOnce_IsWrittenAsTheOldest()
    {
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            _consumer.Settle(Taken(), Settlement.Ack);
            SpinWait.SpinUntil(() => _channel.CallsOf("BasicAckAsync").Any(), TimeSpan.FromSeconds(10));
        });
        listener.EnableMeasurementEvents(_runner.Instruments.Deliveries);

        await DeliverAsync(1, "{}"u8.ToArray());

        Assert.Equal([1ul, true], Assert.Single(_channel.CallsOf("BasicAckAsync"))[..2]);
    }

    [Fact]
    public async Task Delivery_WithItsAddress_IsPassedOn()
    {
        await _consumer.HandleBasicDeliverAsync(
            "the tag", 7, redelivered: true, "the exchange", "the key", new BasicProperties(), "{}"u8.ToArray(),
            Cancel);

        Assert.Equal(new DeliveryInfo("the tag", 7, true, "the exchange", "the key"), Taken().Info);
    }

    [Fact]
    public async Task Delivery_AfterTheEnd_IsLeftToTheBroker()
    {
        _epoch.End(new Loss(LossReason.Connection, "gone"));

        await DeliverAsync(1, "{}"u8.ToArray());

        Assert.False(_consumer.IsAlive);
        Assert.Equal((0L, 0), (_consumer.Received, _consumer.Unsettled));
    }

    /// <summary>The client swallows what a handler throws: the delivery would stay unsettled for ever.</summary>
    [Fact]
    public async Task Delivery_CannotBeTaken_EndsTheEpoch()
    {
        await _consumer.HandleBasicDeliverAsync("tag", 1, false, "", "", null!, "{}"u8.ToArray(), Cancel);

        var loss = await _epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(LossReason.Channel, loss.Reason);
        Assert.StartsWith("a delivery could not be taken: ", loss.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_ByTheBroker_EndsTheEpoch()
    {
        await _consumer.HandleBasicCancelAsync("tag", Cancel);

        Assert.Equal(
            new Loss(LossReason.ConsumerCancelled, "the broker cancelled the consumer of worker.frob"),
            await _epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public void Channel_OfASource_IsTheConsumers() =>
        Assert.Same(_channel.Channel, ((IDeliverySource)_consumer).Channel);

    [Fact]
    public async Task Tag_OfEachConsumer_NamesTheWorkerAndIsUnique()
    {
        await using var other = new Epoch(TimeProvider.System);
        var second = new Consumer(_channel.Channel, other, _runner.Runner);

        Assert.Matches("^FrobWorker-[0-9a-f]{32}$", _consumer.Tag);
        Assert.NotEqual(_consumer.Tag, second.Tag);
    }

    private Task DeliverAsync(ulong tag, byte[] body) => _consumer.HandleBasicDeliverAsync(
        "tag", tag, false, "", "worker.frob", new BasicProperties { CorrelationId = $"{tag}" }, body, Cancel);

    private Delivery Taken() => Assert.Single(_runner.Jobs).Delivery;
}
