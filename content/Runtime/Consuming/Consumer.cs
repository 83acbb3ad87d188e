using ReWorker.Deliveries;
using ReWorker.Running;

namespace ReWorker.Consuming;

/// <summary>
/// The consumer of one worker in one epoch. Its handlers only copy and signal: a handler that waits for anything of the
/// client can block the client's own shutdown.
/// </summary>
internal sealed class Consumer : AsyncDefaultBasicConsumer, IDeliverySource
{
    private readonly Epoch _epoch;
    private readonly AckWriter _ackWriter;
    private int _unsettled;

    public Consumer(IChannel channel, Epoch epoch, Runner runner) : base(channel)
    {
        (_epoch, Runner) = (epoch, runner);
        _ackWriter = new AckWriter(channel, epoch, runner);
    }

    public bool IsAlive => !_epoch.Ended.IsCancellationRequested;

    IChannel? IDeliverySource.Channel => Channel;

    public Runner Runner { get; }

    /// <summary>The consumer's name on the broker; null until the broker has confirmed it.</summary>
    public string? Tag { get; private set; }

    /// <summary>How many deliveries this consumer has received.</summary>
    public long Received { get; private set; }

    /// <summary>Deliveries that have not been acknowledged, requeued or rejected.</summary>
    public int Unsettled => Volatile.Read(ref _unsettled);

    public Task WriteAcksAsync() => _ackWriter.RunAsync();

    public Task FlushAsync(CancellationToken cancel) => _ackWriter.FlushAsync(cancel);

    public override Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Tag = consumerTag;
        return base.HandleBasicConsumeOkAsync(consumerTag, cancellationToken);
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        // prefetched deliveries still arrive after their channel has died; the broker redelivers them
        if (!IsAlive) return Task.CompletedTask;
        try
        {
            Received++;
            Interlocked.Increment(ref _unsettled);
            _ackWriter.Track(deliveryTag);
            var info = new DeliveryInfo(consumerTag, deliveryTag, redelivered, exchange, routingKey);
            Runner.Accept(new Delivery(this, info, properties, body.ToArray()));
        }
        catch (Exception e)
        {
            // the client would swallow it, and the delivery would stay unsettled for ever
            _epoch.End(new Loss(LossReason.Channel, $"a delivery could not be taken: {e.Message}"));
        }
        return Task.CompletedTask;
    }

    /// <summary>The broker cancelled the consumer: the queue was deleted or moved, or a job was held too long.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        var detail = $"the broker cancelled the consumer of {Runner.Queue}";
        _epoch.End(new Loss(LossReason.ConsumerCancelled, detail));
        return Task.CompletedTask;
    }

    public void Settle(Delivery delivery, Settlement settlement)
    {
        Interlocked.Decrement(ref _unsettled);
        _ackWriter.Settle(delivery, settlement);
    }
}
