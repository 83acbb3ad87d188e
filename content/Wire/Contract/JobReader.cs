using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ReWorker.Wire.Contract;

/// <summary>Turns a stranger's bytes into a job, within limits, before any code of the step's sees them.</summary>
internal static class JobReader
{
    /// <summary>How deep a body may be nested.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
    private static readonly Dictionary<string, JsonElement> Nothing = [];

    public static JobError? TryRead(ReadOnlySpan<byte> body, int maxBytes, out JobContent? job)
    {
        job = null;
        if (body.Length > maxBytes) return Unusable($"it has {body.Length} bytes; allowed: {maxBytes}");
        if (body.IsEmpty) return Unusable("it is empty; allowed: a JSON object or list");
        if (!Utf8.IsValid(body)) return Unusable("it is not UTF-8");
        if (body.StartsWith("\uFEFF"u8)) return Unusable("it begins with a byte order mark; allowed: plain UTF-8");

        JsonElement root;
        try
        {
            if (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0) CheckCharacters(body);
            root = JsonElement.Parse(body, Strict);
        }
        catch (JsonException e)
        {
            return Unusable($"{e.Message.TrimEnd('.')}; allowed: one JSON value, at most {MaxDepth} deep, no key twice");
        }

        return root.ValueKind switch
        {
            JsonValueKind.Object => ReadObject(root, out job),
            JsonValueKind.Array => ReadList(root, out job),
            var kind => Unusable($"it is a {Name(kind)}; allowed: an object or a list"),
        };
    }

    private static JobError? ReadList(JsonElement root, out JobContent? job)
    {
        job = new JobContent(root, "", default, Nothing, NotifyTargets.None);
        return null;
    }

    private static JobError? ReadObject(JsonElement root, out JobContent? job)
    {
        job = null;
        var group = root.TryGetProperty("group", out var name) && name.ValueKind is JsonValueKind.String ? name.GetString()! : "";

        if (root.TryGetProperty("parameters", out var parameters) && parameters.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
            return WrongShape("parameters", parameters, "an object");

        IReadOnlyDictionary<string, JsonElement> values = Nothing;
        if (root.TryGetProperty("dynamic", out var dynamic) && dynamic.ValueKind is not JsonValueKind.Null)
        {
            if (dynamic.ValueKind is not JsonValueKind.Object) return WrongShape("dynamic", dynamic, "an object");
            var named = new Dictionary<string, JsonElement>(dynamic.GetPropertyCount());
            foreach (var one in dynamic.EnumerateObject()) named.Add(one.Name, one.Value);
            values = named;
        }

        var notify = NotifyTargets.None;
        if (root.TryGetProperty("notify", out var wanted) && wanted.ValueKind is not JsonValueKind.Null && !NotifyTargets.TryRead(wanted, out notify))
            return WrongShape("notify", wanted, "an object phase → channel → list of targets");
        if (notify != NotifyTargets.None && notify.Channels.Select(Encoding.UTF8.GetByteCount).FirstOrDefault(bytes => bytes > Names.ChannelBytes) is > 0 and var tooLong)
            return new JobError($"the job's 'notify' names a channel of {tooLong} bytes; allowed: {Names.ChannelBytes}", park: false);

        job = new JobContent(root, group, parameters, values, notify);
        return null;
    }

    /// <summary>An escape may stand for half a character, which nothing could write again.</summary>
    /// <exception cref="JsonException">One does.</exception>
    private static void CheckCharacters(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
        }
        catch (InvalidOperationException)
        {
            throw new JsonException($"the text before byte {reader.BytesConsumed} holds half a character");
        }
    }

    private static JobError Unusable(string why) => new($"the job's body can't be read: {why}", park: true);

    private static JobError WrongShape(string key, JsonElement given, string allowed) =>
        new($"the job's '{key}' is a {Name(given.ValueKind)}; allowed: {allowed}", park: false);

    internal static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "list",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var other => other.ToString().ToLowerInvariant(),
    };
}
