using System.Diagnostics;

namespace ReWorker.Wire.Telemetry;

/// <summary>The source of all spans, and the requester's spans.</summary>
internal static class Traces
{
    public const string Name = "ReWorker";      // of the activity source and of the meter
    public const string System = "rabbitmq";    // the value of messaging.system
    public static readonly ActivitySource Source = new(Name);

    /// <summary>Starts the requester's span, the parent of the job's. It ends with the broker's confirm.</summary>
    public static Activity? StartSend(string queue, string messageId, string correlationId) =>
        Source.StartActivity($"send {queue}", ActivityKind.Producer)
            ?.SetTag("messaging.system", System)
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "send")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.conversation_id", correlationId)
            .SetTag("messaging.message.id", messageId);

    /// <summary>Starts the activity of a command: a child of the caller's <c>TRACEPARENT</c>, or a new trace.</summary>
    public static Activity StartCommand(string name)
    {
        var command = new Activity(name) { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        var parent = Environment.GetEnvironmentVariable("TRACEPARENT");
        if (ActivityContext.TryParse(parent, null, out var caller))
            command.SetParentId(caller.TraceId, caller.SpanId, caller.TraceFlags);
        return command.Start();
    }
}
