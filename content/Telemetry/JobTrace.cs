using System.Diagnostics;
using System.Text;
using ReWorker.Consuming;
using ReWorker.Publishing;

namespace ReWorker.Telemetry;

/// <summary>The job's span: a child of the requester's, and the parent of everything that the job sends.</summary>
internal static class JobTrace
{
    /// <summary>Nobody must carry more on, and every message of the job would.</summary>
    private const int MostState = 512;

    public static Activity? Start(Delivery delivery, string queue, Outbox outbox)
    {
        var given = Header(delivery, "traceparent");
        var state = Header(delivery, "tracestate") is { Length: <= MostState } sane ? sane : null;
        ActivityContext.TryParse(given, state, isRemote: true, out var parent);
        var span = Instruments.Traces.HasListeners() ? Instruments.Traces.StartActivity($"process {queue}", ActivityKind.Consumer, parent) : null;
        span?.SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", delivery.Properties.CorrelationId)
            .SetTag("messaging.message.body.size", delivery.Body.Length);
        // with nobody listening the requester's own context is carried on, or a new trace begun
        outbox.TraceParent = span?.Id ?? (parent != default ? given : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        outbox.TraceState = span?.TraceStateString ?? state;
        return span;
    }

    private static string? Header(Delivery delivery, string name) =>
        delivery.Properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
