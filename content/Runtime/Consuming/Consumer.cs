using ReWorker.Running;

namespace ReWorker.Consuming;

/// <summary>
/// The consumer of one worker in one epoch. Its handlers only copy and signal: a handler that waits for anything of the
/// client can block the client's own shutdown.
/// </summary>
internal sealed class Consumer(IChannel channel, Epoch epoch, Runner runner)
    : AsyncDefaultBasicConsumer(channel), IDeliverySource
{
    private readonly AckWriter _ackWriter = new(channel, epoch, runner);
    private int _unsettled;

    public Runner Runner => runner;
    public string Tag { get; } = $"{runner.Name}-{Guid.CreateVersion7():N}";
    public bool IsAlive => !epoch.Ended.IsCancellationRequested;
    public long Received { get; private set; } // deliveries so far
    public int Unsettled => Volatile.Read(ref _unsettled); // of these, not acknowledged, requeued or rejected
    IChannel? IDeliverySource.Channel => Channel;

    public Task WriteAcksAsync() => _ackWriter.RunAsync();
    public Task FlushAsync(CancellationToken cancel) => _ackWriter.FlushAsync(cancel);

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
            runner.Accept(new Delivery(this, info, properties, body.ToArray()));
        }
        catch (Exception e)
        {
            // the client would swallow it, and the delivery would stay unsettled for ever
            epoch.End(new Loss(LossReason.Channel, $"a delivery could not be taken: {e.Message}"));
        }
        return Task.CompletedTask;
    }

    /// <summary>The broker cancels a consumer if its queue is deleted or moved, or a job is held too long.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        epoch.End(new Loss(LossReason.ConsumerCancelled, $"the broker cancelled the consumer of {runner.Queue}"));
        return Task.CompletedTask;
    }

    public void Settle(Delivery delivery, Settlement settlement)
    {
        Interlocked.Decrement(ref _unsettled);
        _ackWriter.Settle(delivery, settlement);
    }
}
