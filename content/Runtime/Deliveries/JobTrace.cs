using System.Diagnostics;
using System.Text;
using ReWorker.Publishing;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Deliveries;

/// <summary>One trace: the requester's span, below it the job's, once for each attempt, below that everything that the job sends.</summary>
internal static class JobTrace
{
    /// <summary>As OpenTelemetry's conventions have them.</summary>
    public const string System = Traces.System;
    public const string Operation = "process";

    /// <summary>Nobody must carry more on, and every message of the job would.</summary>
    private const int MostState = 512;

    public static Activity? Start(Delivery delivery, string queue, JobMessages messages)
    {
        var given = Header(delivery, "traceparent");
        var state = Header(delivery, "tracestate") is { Length: <= MostState } sane ? sane : null;
        ActivityContext.TryParse(given, state, isRemote: true, out var parent);
        var span = Traces.Source.HasListeners() ? Traces.Source.StartActivity($"{Operation} {queue}", ActivityKind.Consumer, parent) : null;
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
        messages.TraceParent = span?.Id ?? (parent != default ? given : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        messages.TraceState = span?.TraceStateString ?? state;
        return span;
    }

    private static string? Header(Delivery delivery, string name) =>
        delivery.Properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
