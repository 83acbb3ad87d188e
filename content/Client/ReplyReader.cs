namespace ReWorker.Client;

/// <summary>Reads untrusted messages from the reply queue.</summary>
internal static class ReplyReader
{
    // A reply holds data as deep as a job may be, one level further down.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JobReader.MaxDepth + 1 };

    /// <summary>Null if the message breaks the contract.</summary>
    public static JobEvent? TryRead(string exchange, string routingKey, ReadOnlySpan<byte> body)
    {
        try
        {
            var json = JsonElement.Parse(body, Options);
            if (json.ValueKind is not JsonValueKind.Object) return null;
            if (exchange is Names.DefaultExchange) return ReadStatus(json);
            if (routingKey is Names.Output)
                return GetText(json, BodyKeys.Message) is { } line ? new JobEvent.Output(line) : null;
            return Names.Channel(routingKey) is { } channel ? ReadNotification(channel, json) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string contains half of a surrogate pair.
            return null;
        }
    }

    private static JobEvent? ReadStatus(JsonElement json)
    {
        json.TryGetProperty(BodyKeys.Data, out var data);
        return PhaseNames.Parse(GetText(json, BodyKeys.Status)) switch
        {
            Phase.Started => new JobEvent.Started(),
            Phase.Completed => new JobEvent.Completed(data),
            Phase.Failed => new JobEvent.Failed(data.ValueKind switch
            {
                JsonValueKind.Undefined => "the worker gave no reason",
                JsonValueKind.String => data.GetString()!,
                _ => data.GetRawText(),
            }),
            _ => null,
        };
    }

    private static JobEvent.Notification? ReadNotification(string channel, JsonElement json)
    {
        if (PhaseNames.Parse(GetText(json, BodyKeys.Phase)) is not { } phase) return null;
        if (!json.TryGetProperty(BodyKeys.Target, out var target)) return null;
        if (NotifyTargets.ReadTargets(target) is not { } targets) return null;
        var (slug, message) = (GetText(json, BodyKeys.Slug) ?? "", GetText(json, BodyKeys.Message) ?? "");
        return new JobEvent.Notification(channel, slug, message, phase, targets);
    }

    private static string? GetText(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
