using RabbitMQ.Client;
using ReWorker.Wire.Contract;

namespace ReWorker.Publishing;

/// <summary>What a message is, for metrics and for what becomes of it when nobody takes it.</summary>
internal enum MessageKind
{
    Status,
    Output,
    Notification,
    Sent,
    Parked,
}

/// <summary>One message on its way out. It keeps its id and its timestamp however often it is sent.</summary>
internal sealed class PendingMessage
{
    public required MessageKind Kind { get; init; }
    public required string Exchange { get; init; }
    public required string RoutingKey { get; init; }
    public required byte[] Body { get; init; }
    public required string MessageId { get; init; }
    public required string AppId { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public string? CorrelationId { get; init; }
    public string? TraceParent { get; init; }
    public string? TraceState { get; init; }

    /// <summary>A parked job goes with the properties that it came with, and these headers more.</summary>
    public IReadOnlyBasicProperties? Original { get; init; }
    public IReadOnlyDictionary<string, object?>? Headers { get; init; }

    /// <summary>Which of its job's messages it is.</summary>
    public required int Place { get; init; }

    /// <summary>Told once, when the broker has confirmed the message or it can never be sent.</summary>
    public required JobMessages Owner { get; init; }

    /// <summary>Somebody in the step's code who waits for the confirm.</summary>
    public TaskCompletionSource<bool>? Waiter { get; init; }

    /// <summary>The broker said that no queue takes it.</summary>
    public bool Unroutable { get; set; }

    /// <summary>Why it can never be sent.</summary>
    public Exception? Error { get; set; }

    /// <summary>When it was written to the connection last (a timestamp of the time provider).</summary>
    public long WrittenAt { get; set; }

    /// <summary>A job's statuses and lines keep their order, whatever becomes of one of them.</summary>
    public bool IsOrdered => Kind is MessageKind.Status or MessageKind.Output;

    /// <summary>The metric's <c>kind</c>.</summary>
    public string Tag => Kind switch
    {
        MessageKind.Status => "status",
        MessageKind.Output => "output",
        MessageKind.Notification => "notification",
        MessageKind.Parked => "parked",
        _ => "sent",
    };

    /// <summary>True if the message that the broker returned is this one. A copy of a job has the job's own id, or none.</summary>
    public bool Is(string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body) =>
        RoutingKey == routingKey && properties.MessageId == (Original is null ? MessageId : ShortStrings.OrNull(Original.MessageId)) && (Original is null || body.SequenceEqual(Body));

    /// <summary>Made anew for each attempt: the client writes into the object.</summary>
    public BasicProperties ToProperties()
    {
        var properties = Original is { } original ? Copy(original) : new BasicProperties
        {
            ContentType = Names.JsonContent, CorrelationId = ShortStrings.OrNull(CorrelationId), AppId = AppId, MessageId = MessageId, Timestamp = new AmqpTimestamp(Timestamp.ToUnixTimeSeconds()),
        };
        properties.Persistent = true;
        var headers = Original?.Headers is { } given ? new Dictionary<string, object?>(given.Where(one => one.Key is not ("CC" or "BCC") && ShortStrings.Fits(one.Key))) : new Dictionary<string, object?>(2);
        if (TraceParent is not null) headers["traceparent"] = TraceParent;
        if (TraceState is not null) headers["tracestate"] = TraceState;
        if (Headers is { } more)
            foreach (var (key, value) in more) headers[key] = value;
        if (Original is not null) HeaderRoom.Apply(headers, Headers);
        properties.Headers = headers;
        return properties;
    }

    /// <summary>Without what the broker would act on: another user's name ends the channel; a parked job must not end by itself.</summary>
    private BasicProperties Copy(IReadOnlyBasicProperties original)
    {
        var copy = new BasicProperties(original);
        copy.ClearUserId();
        if (Kind is MessageKind.Parked) copy.ClearExpiration();
        ShortStrings.ClearOversized(copy);
        return copy;
    }
}
