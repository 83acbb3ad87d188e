using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The contract's rules for every message from a worker: its properties and the keys of its body.</summary>
internal static partial class Rules
{
    private static readonly string[] AllowedProperties =
        ["content_type", "delivery_mode", "correlation_id", "app_id", "message_id", "timestamp", "headers"];

    /// <summary>Checks one message.</summary>
    public static void Check(ReceivedMessage message, string? correlationId, string appId = "frobworker")
    {
        Assert.Equal("application/json", message.Property("content_type"));
        Assert.Equal("2", message.Property("delivery_mode"));
        Assert.Equal(correlationId, message.Property("correlation_id"));
        Assert.Equal(appId, message.Property("app_id"));
        Assert.InRange(message.Property("message_id")!.Length, 1, 255);
        Assert.InRange(AgeInSeconds(message), -5, 300);
        Assert.Matches(TraceParent(), message.Header("traceparent"));
        Assert.Subset(
            AllowedProperties.ToHashSet(),
            message.Properties.EnumerateObject().Select(property => property.Name).ToHashSet());
        Assert.Equal(Keys(message), message.Json.EnumerateObject().Select(key => key.Name));
    }

    /// <summary>Checks all messages of one job and their order. An invalid job has no <c>started</c>.</summary>
    public static void CheckJob(
        IReadOnlyList<ReceivedMessage> messages, string? correlationId, bool started = true,
        string appId = "frobworker")
    {
        foreach (var message in messages) Check(message, correlationId, appId);
        Assert.Equal(messages.Count, messages.Select(message => message.Property("message_id")).Distinct().Count());
        var statuses = messages.Where(message => message.Status is not null).ToList();
        if (started) Assert.Equal("started", messages[0].Status);
        Assert.Equal(started ? 2 : 1, statuses.Count);
        Assert.True(statuses[^1].IsTerminal);
        Assert.True(messages[^1].IsTerminal);
    }

    private static double AgeInSeconds(ReceivedMessage message)
    {
        var timestamp = long.Parse(message.Property("timestamp")!, CultureInfo.InvariantCulture);
        return (DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(timestamp)).TotalSeconds;
    }

    private static IEnumerable<string> Keys(ReceivedMessage message) => message.Key switch
    {
        "output" when message.Exchange == "re" => ["message"],
        _ when message.Exchange == "re" => ["slug", "message", "phase", "target"],
        _ when message.Json.TryGetProperty("data", out _) => ["status", "data"],
        _ => ["status"],
    };

    [GeneratedRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
    private static partial Regex TraceParent();
}
