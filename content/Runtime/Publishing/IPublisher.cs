namespace ReWorker.Publishing;

/// <summary>Takes messages in order and sees to it that each is confirmed, across reconnects.</summary>
internal interface IPublisher
{
    void Enqueue(PendingMessage message);

    /// <summary>The same for one that a full queue has refused.</summary>
    void Again(PendingMessage message);

    /// <summary>Waits until the exchange is known to exist on the broker.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    Task CheckExchangeAsync(string exchange, CancellationToken cancel);
}
