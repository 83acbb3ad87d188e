using System.Diagnostics;

namespace ReWorker.Wire.Telemetry;

/// <summary>The source of all traces, and the spans of those who send jobs.</summary>
internal static class Traces
{
    /// <summary>The name of the source, and of the runtime's meter.</summary>
    public const string Name = "ReWorker";

    /// <summary>The value of <c>messaging.system</c>.</summary>
    public const string System = "rabbitmq";

    /// <summary>A job's span continues its requester's trace; every message that the job sends carries it on.</summary>
    public static readonly ActivitySource Source = new(Name);

    /// <summary>The requester's span, the parent of the job's. It ends when the broker has the job.</summary>
    public static Activity? StartSend(string queue, string messageId, string correlationId) =>
        Source.StartActivity($"send {queue}", ActivityKind.Producer)
            ?.SetTag("messaging.system", System)
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "send")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", correlationId)
            .SetTag("messaging.message.id", messageId);

    /// <summary>
    /// Starts the activity of a command: a new trace, or a child of the caller's, which passes it as <c>TRACEPARENT</c>.
    /// </summary>
    public static Activity StartCommand(string name)
    {
        var command = new Activity(name) { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        var parent = Environment.GetEnvironmentVariable("TRACEPARENT");
        if (ActivityContext.TryParse(parent, null, out var caller))
            command.SetParentId(caller.TraceId, caller.SpanId, caller.TraceFlags);
        return command.Start();
    }
}
