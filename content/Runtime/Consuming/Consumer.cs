using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Wire.Connections;

namespace ReWorker.Consuming;

/// <summary>
/// One worker's consumer in one epoch. Its handlers only copy and signal: a handler that waits for anything of the
/// client's can block the client's own shutdown.
/// </summary>
internal sealed class Consumer : AsyncDefaultBasicConsumer, IDeliverySource
{
    private readonly Epoch _epoch;
    private readonly Runner _runner;
    private readonly AckWriter _ackWriter;
    private int _unsettled;

    public Consumer(IChannel channel, Epoch epoch, Runner runner) : base(channel)
    {
        (_epoch, _runner) = (epoch, runner);
        _ackWriter = new AckWriter(channel, epoch, runner);
    }

    public bool IsAlive => !_epoch.Ended.IsCancellationRequested;

    IChannel? IDeliverySource.Channel => Channel;

    public Runner Runner => _runner;

    /// <summary>The name of the consumer on the broker; null before it is there.</summary>
    public string? Tag { get; private set; }

    /// <summary>Deliveries taken in this epoch.</summary>
    public long Received { get; private set; }

    /// <summary>Deliveries that the broker waits for: not acknowledged, requeued or discarded.</summary>
    public int Unsettled => Volatile.Read(ref _unsettled);

    public Task RunAsync() => _ackWriter.RunAsync();

    /// <summary>Waits until what has been settled so far is written to the connection.</summary>
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
        // prefetched deliveries still arrive after their channel died: the broker delivers them again
        if (!IsAlive) return Task.CompletedTask;
        try
        {
            Received++;
            Interlocked.Increment(ref _unsettled);
            _ackWriter.Delivered(deliveryTag);
            _runner.Accept(new Delivery(this, new DeliveryInfo(consumerTag, deliveryTag, redelivered, exchange, routingKey), properties, body.ToArray()));
        }
        catch (Exception e)
        {
            // the client would swallow it and leave the delivery unsettled for ever
            _epoch.End(new Loss(LossReason.Channel, $"a delivery could not be taken: {e.Message}"));
        }
        return Task.CompletedTask;
    }

    /// <summary>The broker took the consumer away: the queue was deleted or moved, or a job was held too long.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _epoch.End(new Loss(LossReason.ConsumerCancelled, $"the broker cancelled the consumer of {_runner.Queue}"));
        return Task.CompletedTask;
    }

    public void Settle(Delivery delivery, Settlement how)
    {
        Interlocked.Decrement(ref _unsettled);
        _ackWriter.Settle(delivery, how);
    }
}
