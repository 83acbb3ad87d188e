using System.Text.Json;

namespace ReWorker.Testing;

/// <summary>Everything that a job sent, in order, and how it was settled.</summary>
/// <param name="Messages">All messages, in order.</param>
/// <param name="IsAcknowledged">The job was acknowledged.</param>
/// <param name="IsRequeued">The job was requeued.</param>
public sealed record HarnessResult(IReadOnlyList<HarnessMessage> Messages, bool IsAcknowledged, bool IsRequeued)
{
    /// <summary>The status replies, in order: <c>started</c>, then <c>completed</c> or <c>failed</c>.</summary>
    public IReadOnlyList<string> Statuses => TextsOf(HarnessMessageKind.Status, "status");

    /// <summary>The last status reply; empty if there was none.</summary>
    public string Status => Statuses.LastOrDefault("");

    /// <summary>The terminal reply's data; undefined if it had none.</summary>
    public JsonElement Data =>
        OfKind(HarnessMessageKind.Status) is [.., var last] && last.Body.TryGetProperty("data", out var data)
            ? data
            : default;

    /// <summary>Why the job failed; null if it did not.</summary>
    public string? Reason => Status is "failed" ? Data.GetString() : null;

    /// <summary>The lines of output.</summary>
    public IReadOnlyList<string> Output => TextsOf(HarnessMessageKind.Output, "message");

    /// <summary>The notifications.</summary>
    public IReadOnlyList<HarnessMessage> Notifications => OfKind(HarnessMessageKind.Notification);

    /// <summary>The messages that the step sent itself.</summary>
    public IReadOnlyList<HarnessMessage> Sent => OfKind(HarnessMessageKind.Sent);

    /// <summary>The job was parked in the dead-letter queue.</summary>
    public bool IsParked => OfKind(HarnessMessageKind.Parked).Count > 0;

    private IReadOnlyList<HarnessMessage> OfKind(HarnessMessageKind kind) =>
        [.. Messages.Where(message => message.Kind == kind)];

    private IReadOnlyList<string> TextsOf(HarnessMessageKind kind, string key) =>
        [.. OfKind(kind).Select(message => message.Body.GetProperty(key).GetString() ?? "")];
}
