using RabbitMQ.Client;

namespace ReWorker.Publishing;

/// <summary>A message as its author gives it; the messages adds what all of a job's messages have in common.</summary>
internal readonly record struct OutgoingMessage(MessageKind Kind, string Exchange, string RoutingKey, byte[] Body)
{
    public string? MessageId { get; init; }
    public string? CorrelationId { get; init; }
    public IReadOnlyBasicProperties? Original { get; init; }
    public IReadOnlyDictionary<string, object?>? Headers { get; init; }

    /// <summary>Told whether a queue took the message, once the broker has confirmed it.</summary>
    public TaskCompletionSource<bool>? Waiter { get; init; }
}
