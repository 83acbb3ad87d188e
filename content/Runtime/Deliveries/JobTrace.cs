namespace ReWorker.Deliveries;

/// <summary>
/// One trace for the release: the requester's span, below it one span for each attempt at the job, below that
/// everything that the job sends.
/// </summary>
internal static class JobTrace
{
    public const string Operation = "process";

    // a longer trace state is dropped, because every message of the job would carry it
    private const int MaxStateLength = 512;

    /// <summary>Starts the job's span and makes the job's messages carry its context.</summary>
    public static Activity? Start(Delivery delivery, string queue, JobMessages messages)
    {
        var traceParent = delivery.ReadText("traceparent");
        var traceState = delivery.ReadText("tracestate") is { Length: <= MaxStateLength } state ? state : null;
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent);
        var span = Traces.Source.HasListeners()
            ? Traces.Source.StartActivity($"{Operation} {queue}", ActivityKind.Consumer, parent)
            : null;
        span?.SetTag("messaging.system", Traces.System)
            .SetTag("messaging.operation.type", Operation)
            .SetTag("messaging.operation.name", Operation)
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", delivery.Properties.CorrelationId)
            .SetTag("messaging.message.id", delivery.Properties.MessageId)
            .SetTag("messaging.message.body.size", delivery.Body.Length)
            .SetTag("messaging.rabbitmq.destination.routing_key", delivery.Info.RoutingKey)
            .SetTag("messaging.rabbitmq.message.delivery_tag", (long)delivery.Info.DeliveryTag)
            .SetTag("reworker.attempt", delivery.PriorAttempts + 1);
        // without a listener, the messages carry on the requester's own context, or a new trace
        messages.TraceParent = span?.Id ?? (parent != default ? traceParent : NewTraceParent());
        messages.TraceState = span?.TraceStateString ?? traceState;
        return span;
    }

    private static string NewTraceParent() => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
}
