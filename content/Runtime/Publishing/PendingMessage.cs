namespace ReWorker.Publishing;

/// <summary>A message until the broker confirms it. It keeps its id and timestamp however often it is sent.</summary>
internal sealed class PendingMessage(OutgoingMessage message, JobMessages owner, int sequence, DateTimeOffset timestamp)
{
    public MessageKind Kind => message.Kind;
    public string Exchange => message.Exchange;
    public string RoutingKey => message.RoutingKey;
    public byte[] Body => message.Body;
    public string MessageId { get; } = message.MessageId ?? owner.NextId(sequence);
    public string? CorrelationId => message.CorrelationId ?? owner.CorrelationId;
    public TaskCompletionSource<bool>? Waiter => message.Waiter;
    public JobMessages Owner => owner;

    public int Sequence => sequence; // its place among the job's messages
    public bool Unroutable { get; set; } // the broker returned it because no queue takes it
    public Exception? Error { get; set; } // why it can never be sent
    public long WrittenAt { get; set; } // a timestamp of the time provider

    /// <summary>Statuses and output of a job keep their order, whatever becomes of any one message.</summary>
    public bool IsOrdered => Kind is MessageKind.Status or MessageKind.Output;

    /// <summary>True if the broker returned this message. A copy of a job has the job's own id, or none.</summary>
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

    // omits what the broker would act on: another user's name, further queues, a parked job's expiry
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
