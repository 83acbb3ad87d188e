namespace ReWorker.Consuming;

/// <summary>The consumers of one epoch, one for each worker of the process.</summary>
internal sealed class EpochConsumers(Epoch epoch)
{
    private readonly List<Consumer> _consumers = [];

    public Epoch Epoch => epoch;
    public IReadOnlyList<Consumer> All => _consumers;

    /// <summary>True once the consumers are being cancelled. Jobs that have been taken may still finish.</summary>
    public bool IsStopping { get; private set; }

    public void Add(Consumer consumer)
    {
        _consumers.Add(consumer);
        epoch.Watch(consumer.Channel);
    }

    /// <summary>Tells the broker to deliver nothing more and waits for its answer.</summary>
    public Task CancelAsync(CancellationToken cancel)
    {
        IsStopping = true;
        return Task.WhenAll(_consumers.Select(
            consumer => consumer.Channel.BasicCancelAsync(consumer.Tag, cancellationToken: cancel)));
    }

    public Task FlushAsync(CancellationToken cancel) =>
        Task.WhenAll(_consumers.Select(consumer => consumer.FlushAsync(cancel)));
}
