using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Every settlement is written once, as what it is, and in as few frames as are safe.</summary>
public sealed class AckWriterTests : IAsyncDisposable
{
    private readonly TestRunner _runner = new(options: new WorkerOptions { Queue = "frob", Prefetch = 3 });
    private readonly FakeChannel _channel = FakeChannel.Create();
    private readonly Epoch _epoch = new(TimeProvider.System);
    private readonly Dictionary<ulong, Delivery> _deliveries = [];
    private readonly AckWriter _writer;

    public AckWriterTests() => _writer = new AckWriter(_channel.Channel, _epoch, _runner.Runner);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What was written: a frame each.</summary>
    private IEnumerable<string> Written => _channel.Calls.Select(
        call => $"{call.Method[5..^5]} {string.Join(' ', call.Arguments.Where(one => one is ulong or bool))}");

    public async ValueTask DisposeAsync()
    {
        await _epoch.DisposeAsync();
        _runner.Dispose();
    }

    [Fact]
    public async Task Acks_OfAnUnbrokenRun_AreOneFrame()
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 2, 1, 3);

        await WriteAsync();

        Assert.Equal(["Ack 3 True"], Written);
    }

    [Fact]
    public async Task Ack_OfTheOnlyDelivery_IsWritten()
    {
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);

        await WriteAsync();

        Assert.Equal(["Ack 1 True"], Written);
    }

    [Fact]
    public async Task Acks_BehindAnOpenDelivery_AreAFrameEach()
    {
        Deliver(1, 4);
        Settle(Settlement.Ack, 1, 3, 4);
        await WriteAsync();

        Settle(Settlement.Ack, 2);
        await FlushAsync();
        Deliver(5, 6);
        Settle(Settlement.Ack, 6, 5);
        await FlushAsync();

        // the broker closes the connection for an ack of what is not open, and loses a job that runs for one too many
        Assert.Equal(["Ack 1 True", "Ack 3 False", "Ack 4 False", "Ack 2 True", "Ack 6 True"], Written);
    }

    [Fact]
    public async Task Acks_NoneFromTheOldestOn_WriteNoMultiple()
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 2);
        await WriteAsync();
        Settle(Settlement.Ack, 3);
        await FlushAsync();

        Assert.Equal(["Ack 2 False", "Ack 3 False"], Written);
    }

    [Theory]
    [InlineData(Settlement.RequeueUncounted, "Nack 2 False True")]
    [InlineData(Settlement.RequeueCounted, "Reject 2 True")]
    internal async Task Requeue_BetweenAcks_DoesNotBreakTheRun(Settlement settlement, string expected)
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 1);
        Settle(settlement, 2);
        Settle(Settlement.Ack, 3);

        await WriteAsync();

        Assert.Equal([expected, "Ack 3 True"], Written);
    }

    [Fact]
    public async Task Requeues_Alone_WriteNoAck()
    {
        Deliver(1, 3);
        Settle(Settlement.RequeueUncounted, 1, 2);
        await WriteAsync();
        Deliver(4, 4);
        Settle(Settlement.Ack, 4);
        await FlushAsync();
        Settle(Settlement.Ack, 3);
        await FlushAsync();

        Assert.Equal(["Nack 1 False True", "Nack 2 False True", "Ack 4 False", "Ack 3 True"], Written);
    }

    [Fact]
    public async Task Flush_NothingToWrite_Returns()
    {
        await WriteAsync();
        await Task.WhenAll(FlushAsync(), FlushAsync());

        Assert.Empty(_channel.Calls);
    }

    [Fact]
    public async Task Flush_WhileAFrameIsWritten_ReturnsOnlyAfterIt()
    {
        var written = new TaskCompletionSource();
        _channel.OnCall = _ => written.Task;
        Deliver(1, 2);
        Settle(Settlement.Ack, 1, 2);
        Task[] flushes = [_writer.FlushAsync(Cancel), _writer.FlushAsync(Cancel)];
        var run = Task.Run(_writer.RunAsync, Cancel);
        await Until.TrueAsync(() => _channel.Calls.Count == 1, "the frame");

        Assert.All(flushes, flush => Assert.False(flush.IsCompleted));
        written.SetResult();
        await Task.WhenAll(flushes).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.False(run.IsCompleted);
    }

    [Fact]
    public async Task Flush_TheEpochEnds_Returns()
    {
        _channel.OnCall = _ => new TaskCompletionSource().Task;
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);
        _ = Task.Run(_writer.RunAsync, Cancel);
        var flush = _writer.FlushAsync(Cancel);

        _epoch.End(new Loss(LossReason.Connection, "gone"));

        await flush.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Flush_IsCancelled_Throws()
    {
        using var limit = new CancellationTokenSource();
        var flush = _writer.FlushAsync(limit.Token);

        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => flush.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public async Task Write_Fails_EndsTheEpoch()
    {
        _channel.OnCall = _ => Task.FromException(new InvalidOperationException("pipe closed"));
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);

        _ = Task.Run(_writer.RunAsync, Cancel);
        var loss = await _epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal(new Loss(LossReason.Channel, "pipe closed"), loss);
    }

    /// <summary>
    /// At most a prefetch is unsettled at the broker: the fourth delivery proves that it has processed the first
    /// settlement, and no earlier one proves it.
    /// </summary>
    [Theory]
    [InlineData(3, DeliveryKind.Duplicate)]
    [InlineData(4, DeliveryKind.Redelivered)]
    internal async Task Ack_ProvenByLaterDeliveries_IsForgotten(int deliveries, DeliveryKind expected)
    {
        Deliver(1, 1);
        _deliveries[1].Job!.Complete(Settlement.Ack);
        Settle(Settlement.Ack, 1);
        await WriteAsync();
        Deliver(2, (ulong)deliveries);

        Assert.Equal(expected, KindOfRedelivery(1));
        Assert.All(Enumerable.Range(2, deliveries - 1), tag => Assert.True(IsKnown((ulong)tag), $"{tag}"));
    }

    [Theory]
    [InlineData(Settlement.Ack)]
    [InlineData(Settlement.RequeueUncounted)]
    [InlineData(Settlement.RequeueCounted)]
    internal async Task Settlements_OneByOne_AreForgottenInTheirOrder(Settlement settlement)
    {
        Deliver(1, 3);
        Settle(settlement, 3);
        await WriteAsync();
        Settle(settlement, 2);
        await FlushAsync();
        Deliver(4, 4);

        Assert.False(IsKnown(3));
        Assert.True(IsKnown(1));
        Assert.True(IsKnown(2));

        Deliver(5, 5);

        Assert.False(IsKnown(2));
        Assert.True(IsKnown(1));
    }

    private void Deliver(ulong from, ulong to)
    {
        for (var tag = from; tag <= to; tag++)
        {
            _deliveries[tag] = Delivery(tag, redelivered: false);
            _runner.Runner.Ledger.Register(_deliveries[tag], out _);
            _writer.Track(tag);
        }
    }

    private Delivery Delivery(ulong tag, bool redelivered) => new(
        _runner.Bus, new DeliveryInfo("tag", tag, redelivered, "", "worker.frob"),
        new BasicProperties { CorrelationId = $"{tag}" }, []);

    private void Settle(Settlement settlement, params ulong[] tags)
    {
        foreach (var tag in tags) _writer.Settle(_deliveries[tag], settlement);
    }

    /// <summary>Starts to write: everything that is settled so far is one batch.</summary>
    private Task WriteAsync()
    {
        var flush = FlushAsync();
        _ = Task.Run(_writer.RunAsync, Cancel);
        return flush;
    }

    private Task FlushAsync() => _writer.FlushAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    /// <summary>What a redelivery is to the ledger, once the connection is lost.</summary>
    private DeliveryKind KindOfRedelivery(ulong tag)
    {
        _runner.Bus.Die();
        _runner.Runner.Ledger.Register(Delivery(tag, redelivered: true), out var kind);
        return kind;
    }

    private bool IsKnown(ulong tag) => _runner.Jobs.Contains(_deliveries[tag].Job);
}
