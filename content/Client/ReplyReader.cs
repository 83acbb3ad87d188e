using System.Text.Json;
using ReWorker.Wire.Contract;

namespace ReWorker.Client;

/// <summary>Reads what workers send; strangers' bytes, so whatever is not of the contract is null.</summary>
internal static class ReplyReader
{
    private const string NotifyPrefix = "notify.";

    public static JobEvent? TryRead(string exchange, string routingKey, ReadOnlySpan<byte> body)
    {
        try
        {
            var json = JsonElement.Parse(body, new JsonDocumentOptions { MaxDepth = JobReader.MaxDepth + 1 });
            if (json.ValueKind is not JsonValueKind.Object) return null;
            if (exchange is Names.DefaultExchange) return Status(json);
            if (routingKey is Names.Output) return Text(json, "message") is { } line ? new JobEvent.Output(line) : null;
            return routingKey.StartsWith(NotifyPrefix, StringComparison.Ordinal) ? Notification(routingKey[NotifyPrefix.Length..], json) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // the latter is half of a surrogate pair
            return null;
        }
    }

    private static JobEvent? Status(JsonElement json)
    {
        json.TryGetProperty("data", out var data);
        return Text(json, "status") switch
        {
            "started" => new JobEvent.Started(),
            "completed" => new JobEvent.Completed(data),
            "failed" => new JobEvent.Failed(data.ValueKind switch
            {
                JsonValueKind.Undefined => "the worker gave no reason",
                JsonValueKind.String => data.GetString()!,
                _ => data.GetRawText(),
            }),
            _ => null,
        };
    }

    private static JobEvent.Notification? Notification(string channel, JsonElement json)
    {
        Phase? phase = Text(json, "phase") switch { "started" => Phase.Started, "completed" => Phase.Completed, "failed" => Phase.Failed, _ => null };
        if (phase is null || !json.TryGetProperty("target", out var target) || NotifyTargets.ReadList(target) is not { } targets) return null;
        return new JobEvent.Notification(channel, Text(json, "slug") ?? "", Text(json, "message") ?? "", phase.Value, targets);
    }

    private static string? Text(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
