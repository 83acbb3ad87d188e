using System.Text;

namespace ReWorker.Wire.Contract;

/// <summary>The names of message headers.</summary>
internal static class Headers
{
    // set by workers
    public const string Attempts = "x-reworker-attempts";
    public const string Reason = "x-reworker-reason";
    public const string ParkedAt = "x-reworker-parked-at";
    public const string Queue = "x-reworker-queue";
    public const string DroppedHeaders = "x-reworker-dropped-headers";

    // set by the broker
    public const string DeliveryCount = "x-delivery-count";
    public const string AcquiredCount = "x-acquired-count";
    public const string Death = "x-death";

    // W3C trace context
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";

    /// <summary>The text of a header; null if it is missing or is not text.</summary>
    public static string? GetText(IDictionary<string, object?>? headers, string name) =>
        headers?.TryGetValue(name, out var value) is true
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
