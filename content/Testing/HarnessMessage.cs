using System.Text.Json;

namespace ReWorker.Testing;

/// <summary>What kind of message a job sent.</summary>
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

    /// <summary>The job's own message, sent to the dead-letter queue.</summary>
    Parked,
}

/// <summary>A message that a job sent.</summary>
/// <param name="Exchange">The exchange; empty for the default one.</param>
/// <param name="RoutingKey">The routing key.</param>
/// <param name="Kind">The kind of message.</param>
/// <param name="Body">The body.</param>
public sealed record HarnessMessage(string Exchange, string RoutingKey, HarnessMessageKind Kind, JsonElement Body);
