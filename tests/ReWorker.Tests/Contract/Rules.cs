using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What the contract says of any message of a worker's: its properties, its address, its body's keys.</summary>
internal static partial class Rules
{
    private static readonly string[] Allowed = ["content_type", "delivery_mode", "correlation_id", "app_id", "message_id", "timestamp", "headers"];

    /// <summary>Checks one message.</summary>
    public static void Check(ReceivedMessage heard, string? correlationId, string appId = "frobworker")
    {
        Assert.Equal("application/json", heard.Property("content_type"));
        Assert.Equal("2", heard.Property("delivery_mode"));
        Assert.Equal(correlationId, heard.Property("correlation_id"));
        Assert.Equal(appId, heard.Property("app_id"));
        Assert.InRange(heard.Property("message_id")!.Length, 1, 255);
        Assert.InRange(Age(heard), -5, 300);
        Assert.Matches(TraceParent(), heard.Header("traceparent"));
        Assert.Subset(Allowed.ToHashSet(), heard.Properties.EnumerateObject().Select(one => one.Name).ToHashSet());
        Assert.Equal(Keys(heard), heard.Json.EnumerateObject().Select(one => one.Name));
    }

    /// <summary>Checks all that was said of one job, and its order; a job that was refused has no <c>started</c>.</summary>
    public static void CheckJob(IReadOnlyList<ReceivedMessage> all, string? correlationId, bool started = true, string appId = "frobworker")
    {
        foreach (var one in all) Check(one, correlationId, appId);
        Assert.Equal(all.Count, all.Select(one => one.Property("message_id")).Distinct().Count());
        var statuses = all.Where(one => one.Status is not null).ToList();
        if (started) Assert.Equal("started", all[0].Status);
        Assert.Equal(started ? 2 : 1, statuses.Count);
        Assert.True(statuses[^1].IsTerminal);
        Assert.True(all[^1].IsTerminal);
    }

    private static double Age(ReceivedMessage heard) =>
        (DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(long.Parse(heard.Property("timestamp")!, CultureInfo.InvariantCulture))).TotalSeconds;

    private static IEnumerable<string> Keys(ReceivedMessage heard) => heard.Key switch
    {
        "output" when heard.Exchange == "re" => ["message"],
        _ when heard.Exchange == "re" => ["slug", "message", "phase", "target"],
        _ when heard.Json.TryGetProperty("data", out _) => ["status", "data"],
        _ => ["status"],
    };

    [GeneratedRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
    private static partial Regex TraceParent();
}
