using System.Diagnostics;
using System.Text;
using ReWorker.Consuming;
using ReWorker.Publishing;

namespace ReWorker.Telemetry;

/// <summary>One trace: the requester's span, below it the job's, once for each attempt, below that everything that the job sends.</summary>
internal static class JobTrace
{
    /// <summary>As OpenTelemetry's conventions have them.</summary>
    public const string System = "rabbitmq";
    public const string Operation = "process";

    /// <summary>Nobody must carry more on, and every message of the job would.</summary>
    private const int MostState = 512;

    public static Activity? Start(Delivery delivery, string queue, Outbox outbox)
    {
        var given = Header(delivery, "traceparent");
        var state = Header(delivery, "tracestate") is { Length: <= MostState } sane ? sane : null;
        ActivityContext.TryParse(given, state, isRemote: true, out var parent);
        var span = Instruments.Traces.HasListeners() ? Instruments.Traces.StartActivity($"{Operation} {queue}", ActivityKind.Consumer, parent) : null;
        span?.SetTag("messaging.system", System)
            .SetTag("messaging.operation.type", Operation)
            .SetTag("messaging.operation.name", Operation)
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", delivery.Properties.CorrelationId)
            .SetTag("messaging.message.id", delivery.Properties.MessageId)
            .SetTag("messaging.message.body.size", delivery.Body.Length)
            .SetTag("messaging.rabbitmq.destination.routing_key", delivery.Info.RoutingKey)
            .SetTag("messaging.rabbitmq.message.delivery_tag", (long)delivery.Info.DeliveryTag)
            .SetTag("reworker.attempt", delivery.EarlierAttempts + 1);
        // with nobody listening the requester's own context is carried on, or a new trace begun
        outbox.TraceParent = span?.Id ?? (parent != default ? given : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        outbox.TraceState = span?.TraceStateString ?? state;
        return span;
    }

    /// <summary>The requester's span, from which the job's hangs: it ends when the broker has the job.</summary>
    public static Activity? Send(string queue, string messageId, string correlationId) =>
        Instruments.Traces.StartActivity($"send {queue}", ActivityKind.Producer)
            ?.SetTag("messaging.system", System)
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "send")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", correlationId)
            .SetTag("messaging.message.id", messageId);

    /// <summary>
    /// For a command: a trace of its own, or one more step in the caller's, which gives it as <c>TRACEPARENT</c>. What the job's
    /// attempts say hangs from it, in one trace.
    /// </summary>
    public static Activity Command(string name)
    {
        var command = new Activity(name) { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        if (ActivityContext.TryParse(Environment.GetEnvironmentVariable("TRACEPARENT"), null, out var caller)) command.SetParentId(caller.TraceId, caller.SpanId, caller.TraceFlags);
        return command.Start();
    }

    private static string? Header(Delivery delivery, string name) =>
        delivery.Properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
