namespace ReWorker.Tools.CommandLine;

/// <summary>Reads the Python runner's MQ_CONFIG.json as settings of the section <c>Broker</c>.</summary>
internal static class MqConfig
{
    private const string Allowed = "required: user, password, server, vhost; optional: port, ssl";
    private static readonly string[] Required = ["user", "password", "server", "vhost"];
    private static readonly string[] Optional = ["port", "ssl"];

    public static IEnumerable<string> Read(string path)
    {
        var json = JsonFile.ReadObject(path);
        var keys = json.EnumerateObject().Select(property => property.Name).ToArray();
        if (keys.Except([.. Required, .. Optional]).FirstOrDefault() is { } unknown)
            throw new UsageException($"{path}: unknown key '{unknown}'; {Allowed}");
        if (Required.Except(keys).FirstOrDefault() is { } missing)
            throw new UsageException($"{path}: the key '{missing}' is missing; {Allowed}");

        // the file wins over a URI in the environment
        yield return Settings.Argument("ConnectionStrings:rabbitmq", "");
        foreach (var property in json.EnumerateObject())
            yield return Settings.Argument($"Broker:{property.Name}", Value(path, property));
    }

    private static string Value(string path, JsonProperty property)
    {
        var isString = property.Value.ValueKind is JsonValueKind.String;
        var text = isString ? property.Value.GetString()! : property.Value.GetRawText();
        return property.Name switch
        {
            "port" when ushort.TryParse(text, CultureInfo.InvariantCulture, out var port) && port > 0 => text,
            "port" => throw new UsageException($"{path}: 'port' is {text}; allowed: 1 to 65535"),
            "ssl" when bool.TryParse(text, out _) => text,
            "ssl" => throw new UsageException($"{path}: 'ssl' is {text}; allowed: true, false"),
            _ when isString => text,
            // does not show the value: it may be a password
            _ => throw new UsageException($"{path}: '{property.Name}' must be a string"),
        };
    }
}
