namespace ReWorker.Tools.CommandLine;

/// <summary>Builds a job's body from a file and from options, which override the file.</summary>
internal static class JobBody
{
    private static readonly string[] Phases = ["started", "completed", "failed"];

    public static JsonNode Create(ParseResult parsed, SubmitOptions options, Stream input)
    {
        var file = parsed.GetValue(options.Job);
        var body = file is null ? new JsonObject() : ReadFile(file, input);
        if (body is not JsonObject job)
        {
            if (options.Body.All(option => parsed.GetResult(option) is null)) return body;
            throw new UsageException($"{DisplayName(file!)} is a list; options such as --parameter need an object");
        }

        foreach (var (option, part) in new[] { (options.Parameters, "parameters"), (options.Dynamic, "dynamic") })
            foreach (var given in parsed.GetValue(option) ?? []) SetValue(GetOrAdd(job, part), option, given);
        if (parsed.GetValue(options.Hosts) is { Length: > 0 } hosts)
            GetOrAdd(job, "parameters")["hosts"] = new JsonArray([.. hosts.Select(host => (JsonNode?)host)]);
        if (parsed.GetValue(options.Subcommand) is { } subcommand)
            GetOrAdd(job, "parameters")["subcommand"] = subcommand;
        if (parsed.GetValue(options.Group) is { } group) job["group"] = group;
        foreach (var given in parsed.GetValue(options.Notify) ?? []) AddTarget(job, given);
        return job;
    }

    private static JsonNode ReadFile(string file, Stream input)
    {
        var bytes = file is "-" ? ReadInput(input) : JsonFile.ReadBytes(file);
        if (JobReader.TryRead(bytes, Names.MaxBodyBytes, out _) is { } error)
            throw new UsageException($"{DisplayName(file)}: {error.ReplyText}");
        return JsonNode.Parse(bytes)!;
    }

    private static byte[] ReadInput(Stream input)
    {
        using var copy = new MemoryStream();
        input.CopyTo(copy);
        return JsonFile.SkipByteOrderMark(copy.ToArray());
    }

    private static void SetValue(JsonObject part, Option option, string given)
    {
        if (Split(given, '=') is not var (key, value))
            throw new UsageException($"{option.Name} is '{given}'; allowed: {option.HelpName}");
        part[key] = ParseValue(value);
    }

    private static void AddTarget(JsonObject job, string given)
    {
        if (Split(given, ':') is not var (phase, rest) || Split(rest, '=') is not var (channel, target)
            || !Phases.Contains(phase))
        {
            throw new UsageException(
                $"--notify is '{given}'; allowed: PHASE:CHANNEL=TARGET with the phase {string.Join(", ", Phases)}");
        }
        var channels = GetOrAdd(GetOrAdd(job, "notify"), phase);
        // the file may have a single target instead of a list
        if (channels[channel] is JsonValue single) channels[channel] = new JsonArray(single.DeepClone());
        if (channels[channel] is not JsonArray targets) channels[channel] = targets = [];
        targets.Add((JsonNode)target);
    }

    private static JsonObject GetOrAdd(JsonObject parent, string key)
    {
        if (parent[key] is not JsonObject child) parent[key] = child = [];
        return child;
    }

    private static JsonNode? ParseValue(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static (string Left, string Right)? Split(string text, char separator) =>
        text.IndexOf(separator, StringComparison.Ordinal) is > 0 and var i ? (text[..i], text[(i + 1)..]) : null;

    private static string DisplayName(string file) => file is "-" ? "standard input" : file;
}
