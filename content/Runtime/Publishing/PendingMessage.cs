namespace ReWorker.Publishing;

/// <summary>
/// A message until the broker has confirmed it. It keeps its id and timestamp however often it is sent.
/// </summary>
internal sealed class PendingMessage(OutgoingMessage message, JobMessages owner, int sequence, DateTimeOffset timestamp)
{
    public MessageKind Kind => message.Kind;

    public string Exchange => message.Exchange;

    public string RoutingKey => message.RoutingKey;

    public byte[] Body => message.Body;

    public string MessageId { get; } = message.MessageId ?? owner.NextId(sequence);

    public string? CorrelationId => message.CorrelationId ?? owner.CorrelationId;

    /// <summary>The step's code that waits for the confirm, if any.</summary>
    public TaskCompletionSource<bool>? Waiter => message.Waiter;

    /// <summary>Learns once that the broker has confirmed the message, or that it can never be sent.</summary>
    public JobMessages Owner => owner;

    /// <summary>The message's place among those of its job.</summary>
    public int Sequence => sequence;

    /// <summary>True if the broker returned the message because no queue takes it.</summary>
    public bool Unroutable { get; set; }

    /// <summary>Why the message can never be sent; null if it can.</summary>
    public Exception? Error { get; set; }

    /// <summary>When it was last written to a connection (a timestamp of the time provider).</summary>
    public long WrittenAt { get; set; }

    /// <summary>Statuses and output of a job keep their order, whatever becomes of one of them.</summary>
    public bool IsOrdered => Kind is MessageKind.Status or MessageKind.Output;

    /// <summary>True if the message that the broker returned is this one. A copy of a job has the job's own id, or none.</summary>
    public bool Matches(string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body) =>
        RoutingKey == routingKey && (message.Original is { } original
            ? properties.MessageId == ShortStrings.OrNull(original.MessageId) && body.SequenceEqual(Body)
            : properties.MessageId == MessageId);

    /// <summary>Creates new properties for each attempt, because the client writes into them.</summary>
    public BasicProperties ToProperties()
    {
        var properties = message.Original is { } original ? Copy(original) : new BasicProperties
        {
            ContentType = Names.JsonContent,
            CorrelationId = ShortStrings.OrNull(CorrelationId),
            AppId = owner.AppId,
            MessageId = MessageId,
            Timestamp = new AmqpTimestamp(timestamp.ToUnixTimeSeconds()),
            Headers = new Dictionary<string, object?>(2),
        };
        properties.Persistent = true;
        var headers = properties.Headers!;
        if (owner.TraceParent is { } traceParent) headers["traceparent"] = traceParent;
        if (owner.TraceState is { } traceState) headers["tracestate"] = traceState;
        if (message.Headers is not { } added) return properties;
        foreach (var (key, value) in added) headers[key] = value;
        HeaderRoom.Apply(headers, added);
        return properties;
    }

    /// <summary>Omits what the broker would act on: another user's name, further queues, a parked job's expiry.</summary>
    private BasicProperties Copy(IReadOnlyBasicProperties original)
    {
        var copy = new BasicProperties(original);
        copy.ClearUserId();
        if (Kind is MessageKind.Parked) copy.ClearExpiration();
        ShortStrings.ClearOversized(copy);
        copy.Headers = (original.Headers ?? new Dictionary<string, object?>())
            .Where(header => header.Key is not ("CC" or "BCC") && ShortStrings.Fits(header.Key)).ToDictionary();
        return copy;
    }
}
