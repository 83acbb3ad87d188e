namespace ReWorker.Publishing;

/// <summary>What a message is. It decides what becomes of an unroutable one, and is the metric's <c>kind</c>.</summary>
internal enum MessageKind
{
    Status,
    Output,
    Notification,
    Sent,   // by the step itself
    Parked, // a copy of the job for its dead-letter queue
}

/// <summary>A message as its author gives it; <see cref="JobMessages"/> adds what a job's messages share.</summary>
internal readonly record struct OutgoingMessage(MessageKind Kind, string Exchange, string RoutingKey, byte[] Body)
{
    public string? MessageId { get; init; }                             // null for the job's next
    public string? CorrelationId { get; init; }                         // null for the job's own
    public IReadOnlyBasicProperties? Original { get; init; }            // the job's, if this is a copy of the job
    public IReadOnlyDictionary<string, object?>? Headers { get; init; } // to add to the original's
    public TaskCompletionSource<bool>? Waiter { get; init; }            // gets true if a queue took the message

    /// <summary>One message for each channel that the job lists under the phase.</summary>
    public static IEnumerable<OutgoingMessage> Notifications(
        NotifyTargets notify, Phase phase, string slug, string message, string exchange = Names.Exchange) =>
        notify.For(phase).Select(channel => new OutgoingMessage(
            MessageKind.Notification, exchange, Names.Notification(channel.Key),
            Bodies.Notification(slug, message, phase, channel.Value)));
}
