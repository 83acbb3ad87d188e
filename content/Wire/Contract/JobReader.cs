using System.Text.Unicode;

namespace ReWorker.Wire.Contract;

/// <summary>A job's body, checked and read.</summary>
internal sealed record JobContent(
    JsonElement Body, string Group, JsonElement Parameters, IReadOnlyDictionary<string, JsonElement> Dynamic,
    NotifyTargets Notify);

/// <summary>Reads a job from an untrusted body, within limits, before the step's code sees it.</summary>
internal static class JobReader
{
    public const int MaxDepth = 64;
    private static readonly JsonDocumentOptions Strict =
        new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
    private static readonly Dictionary<string, JsonElement> Empty = [];

    /// <returns>What is wrong with the job; null if it was read.</returns>
    public static JobError? TryRead(ReadOnlySpan<byte> body, int maxBytes, out JobContent? job)
    {
        job = null;
        if (body.Length > maxBytes) return Unreadable($"it has {body.Length} bytes; allowed: {maxBytes}");
        if (body.IsEmpty) return Unreadable("it is empty; allowed: a JSON object or list");
        if (!Utf8.IsValid(body)) return Unreadable("it is not UTF-8");
        if (body.StartsWith("\uFEFF"u8)) return Unreadable("it begins with a byte order mark; allowed: plain UTF-8");

        JsonElement root;
        try
        {
            if (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0) CheckSurrogates(body);
            root = JsonElement.Parse(body, Strict);
        }
        catch (JsonException e)
        {
            var problem = e.Message.TrimEnd('.');
            return Unreadable($"{problem}; allowed: one JSON value, at most {MaxDepth} deep, no key twice");
        }

        if (root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            return Unreadable($"it is {Describe(root)}; allowed: an object or a list");
        var (parameters, dynamic) = (Get(root, BodyKeys.Parameters), Get(root, BodyKeys.Dynamic));
        if (!IsObjectOrMissing(parameters)) return NotAnObject(BodyKeys.Parameters, parameters);
        if (!IsObjectOrMissing(dynamic)) return NotAnObject(BodyKeys.Dynamic, dynamic);
        if (NotifyTargets.TryRead(Get(root, BodyKeys.Notify), out var notify) is { } exceeded) return exceeded;
        var group = Get(root, BodyKeys.Group) is { ValueKind: JsonValueKind.String } name ? name.GetString()! : "";
        job = new JobContent(root, group, parameters, ToDictionary(dynamic), notify);
        return null;
    }

    // Undefined if the key is missing or null, or if the body is a list.
    private static JsonElement Get(JsonElement json, string key) =>
        json.ValueKind is JsonValueKind.Object && json.TryGetProperty(key, out var value)
            && value.ValueKind is not JsonValueKind.Null ? value : default;

    private static bool IsObjectOrMissing(JsonElement json) =>
        json.ValueKind is JsonValueKind.Object or JsonValueKind.Undefined;

    private static Dictionary<string, JsonElement> ToDictionary(JsonElement json)
    {
        if (json.ValueKind is JsonValueKind.Undefined) return Empty;
        var values = new Dictionary<string, JsonElement>(json.GetPropertyCount());
        foreach (var property in json.EnumerateObject()) values.Add(property.Name, property.Value);
        return values;
    }

    // Rejects an escaped half of a surrogate pair: it is valid JSON, but it can't be written again.
    private static void CheckSurrogates(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                var isText = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
                if (isText && reader.ValueIsEscaped) reader.GetString();
            }
        }
        catch (InvalidOperationException)
        {
            throw new JsonException($"the text before byte {reader.BytesConsumed} contains half of a surrogate pair");
        }
    }

    private static JobError Unreadable(string why) => new($"the job's body can't be read: {why}", park: true);

    private static JobError NotAnObject(string key, JsonElement given) =>
        new($"the job's '{key}' is {Describe(given)}; allowed: an object");

    private static string Describe(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        var kind => $"a {kind.ToString().ToLowerInvariant()}",
    };
}
