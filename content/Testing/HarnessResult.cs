using System.Text.Json;

namespace ReWorker.Testing;

/// <summary>What a message is.</summary>
public enum HarnessMessageKind
{
    /// <summary>A status reply.</summary>
    Status,

    /// <summary>A line of output.</summary>
    Output,

    /// <summary>A notification.</summary>
    Notification,

    /// <summary>A message that the step sent itself.</summary>
    Sent,

    /// <summary>The job's own message, on its way to the dead-letter queue.</summary>
    Parked,
}

/// <summary>One message that a job sent.</summary>
/// <param name="Exchange">Its exchange; empty for the default one.</param>
/// <param name="RoutingKey">Its routing key.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Body">Its body.</param>
public sealed record HarnessMessage(string Exchange, string RoutingKey, HarnessMessageKind Kind, JsonElement Body);

/// <summary>All that a job said, in order, and how it was settled.</summary>
/// <param name="Messages">Every message, in order.</param>
/// <param name="IsAcknowledged">The broker was told to forget the job.</param>
/// <param name="IsRequeued">The broker was told to deliver the job again.</param>
public sealed record HarnessResult(IReadOnlyList<HarnessMessage> Messages, bool IsAcknowledged, bool IsRequeued)
{
    /// <summary>The status replies in order: <c>started</c>, then <c>completed</c> or <c>failed</c>.</summary>
    public IReadOnlyList<string> Statuses => [.. Of(HarnessMessageKind.Status).Select(one => Text(one, "status"))];

    /// <summary>The last status; empty if there was none.</summary>
    public string Status => Statuses.LastOrDefault("");

    /// <summary>The terminal reply's data; undefined if it had none.</summary>
    public JsonElement Data => Of(HarnessMessageKind.Status).LastOrDefault() is { } last && last.Body.TryGetProperty("data", out var data) ? data : default;

    /// <summary>Why the job failed; null if it did not.</summary>
    public string? Reason => Status is "failed" ? Data.GetString() : null;

    /// <summary>The lines of output.</summary>
    public IReadOnlyList<string> Output => [.. Of(HarnessMessageKind.Output).Select(one => Text(one, "message"))];

    /// <summary>The notifications.</summary>
    public IReadOnlyList<HarnessMessage> Notifications => [.. Of(HarnessMessageKind.Notification)];

    /// <summary>The messages that the step sent itself.</summary>
    public IReadOnlyList<HarnessMessage> Sent => [.. Of(HarnessMessageKind.Sent)];

    /// <summary>The message went to the dead-letter queue.</summary>
    public bool IsParked => Of(HarnessMessageKind.Parked).Any();

    private IEnumerable<HarnessMessage> Of(HarnessMessageKind kind) => Messages.Where(one => one.Kind == kind);

    private static string Text(HarnessMessage message, string key) => message.Body.GetProperty(key).GetString() ?? "";
}
