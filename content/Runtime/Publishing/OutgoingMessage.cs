namespace ReWorker.Publishing;

/// <summary>What a message is: decides what becomes of it when nobody takes it, and is the metric's <c>kind</c>.</summary>
internal enum MessageKind
{
    Status,
    Output,
    Notification,

    /// <summary>Sent by the step itself.</summary>
    Sent,

    /// <summary>A copy of the job for its dead-letter queue.</summary>
    Parked,
}

/// <summary>A message as its author gives it. <see cref="JobMessages"/> adds what all messages of a job share.</summary>
internal readonly record struct OutgoingMessage(MessageKind Kind, string Exchange, string RoutingKey, byte[] Body)
{
    /// <summary>Null for the next id of the job.</summary>
    public string? MessageId { get; init; }

    /// <summary>Null for the job's own.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The properties of the job, for a copy of the job.</summary>
    public IReadOnlyBasicProperties? Original { get; init; }

    /// <summary>Headers to add to those of the original.</summary>
    public IReadOnlyDictionary<string, object?>? Headers { get; init; }

    /// <summary>Completed with true if a queue took the message, once the broker has confirmed it.</summary>
    public TaskCompletionSource<bool>? Waiter { get; init; }

    /// <summary>One message for each channel that the job lists under the phase.</summary>
    public static IEnumerable<OutgoingMessage> Notifications(
        NotifyTargets notify, Phase phase, string slug, string message, string exchange = Names.Exchange) =>
        notify.For(phase).Select(channel => new OutgoingMessage(
            MessageKind.Notification, exchange, Names.Notification(channel.Key),
            Bodies.Notification(slug, message, phase, channel.Value)));
}
