using System.Globalization;
using System.Text.Json;

namespace ReWorker.Tools.CommandLine;

/// <summary>The Python runner's MQ_CONFIG.json, as settings of the section <c>Broker</c>.</summary>
internal static class MqConfig
{
    private static readonly string[] Required = ["user", "password", "server", "vhost"];
    private static readonly string[] Optional = ["port", "ssl"];

    public static IEnumerable<string> Read(string path)
    {
        var json = JsonFile.ReadObject(path);
        var keys = json.EnumerateObject().Select(one => one.Name).ToArray();
        if (keys.Except([.. Required, .. Optional]).FirstOrDefault() is { } unknown)
            throw new UsageException($"{path} has a key '{unknown}'; allowed: {string.Join(", ", Required)}, and if need be {string.Join(", ", Optional)}");
        if (Required.Except(keys).FirstOrDefault() is { } missing)
            throw new UsageException($"{path} lacks the key '{missing}'; required: {string.Join(", ", Required)}");

        // the file is what was asked for: a URI in the environment does not override it
        yield return Settings.Argument("ConnectionStrings:rabbitmq", "");
        foreach (var one in json.EnumerateObject()) yield return Settings.Argument($"Broker:{one.Name}", Value(path, one));
    }

    private static string Value(string path, JsonProperty one)
    {
        var text = one.Value.ValueKind is JsonValueKind.String ? one.Value.GetString()! : one.Value.GetRawText();
        return (one.Name, one.Value.ValueKind) switch
        {
            ("port", JsonValueKind.Number or JsonValueKind.String) when ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 => text,
            ("port", _) => throw new UsageException($"{path}: 'port' is {text}; allowed: 1 to 65535"),
            ("ssl", JsonValueKind.True or JsonValueKind.False or JsonValueKind.String) when bool.TryParse(text, out _) => text,
            ("ssl", _) => throw new UsageException($"{path}: 'ssl' is {text}; allowed: true, false"),
            (_, JsonValueKind.String) => text,
            _ => throw new UsageException($"{path}: '{one.Name}' is no text; allowed: \"…\""),
        };
    }
}
