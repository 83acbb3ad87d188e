namespace ReWorker.Publishing;

/// <summary>Sends messages in order until the broker has confirmed each, across reconnects.</summary>
internal interface IPublisher
{
    void Enqueue(PendingMessage message);
    void Resend(PendingMessage message); // one that a full queue has nacked

    /// <summary>Waits until the broker has said that the exchange exists.</summary>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the user may not see it.</exception>
    Task CheckExchangeAsync(string exchange, CancellationToken cancel);
}
