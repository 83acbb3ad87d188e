using System.CommandLine;
using System.Text.Json.Nodes;
using ReWorker.Wire.Contract;

namespace ReWorker.Tools.CommandLine;

/// <summary>Makes a job's body of a file and of what the options lay over it.</summary>
internal static class SubmitJob
{
    private static readonly string[] Phases = ["started", "completed", "failed"];

    public static JsonNode Read(ParseResult parsed, SubmitOptions options, Stream input)
    {
        var file = parsed.GetValue(options.Job);
        var body = file is null ? new JsonObject() : ReadFile(file, input);
        if (body is not JsonObject job)
        {
            if (!options.All.Take(7).Skip(1).Any(one => parsed.GetResult(one) is not null)) return body;
            throw new UsageException($"{Name(file!)} is a list; options such as --parameter can only be laid over an object");
        }

        foreach (var given in parsed.GetValue(options.Parameters) ?? []) Set(job, "parameters", options.Parameters, given);
        foreach (var given in parsed.GetValue(options.Dynamic) ?? []) Set(job, "dynamic", options.Dynamic, given);
        if (parsed.GetValue(options.Hosts) is { Length: > 0 } hosts) Part(job, "parameters")["hosts"] = new JsonArray([.. hosts.Select(host => (JsonNode?)host)]);
        if (parsed.GetValue(options.Subcommand) is { } subcommand) Part(job, "parameters")["subcommand"] = subcommand;
        if (parsed.GetValue(options.Group) is { } group) job["group"] = group;
        foreach (var given in parsed.GetValue(options.Notify) ?? []) Notify(job, given);
        return job;
    }

    private static JsonNode ReadFile(string file, Stream input)
    {
        byte[] bytes;
        if (file is "-")
        {
            using var copy = new MemoryStream();
            input.CopyTo(copy);
            bytes = JsonFile.WithoutMark(copy.ToArray());
        }
        else
        {
            bytes = JsonFile.ReadBytes(file);
        }
        if (JobReader.TryRead(bytes, SendRules.MaxBodyBytes, out _) is { } refusal) throw new UsageException($"{Name(file)}: {refusal.ReplyText}");
        return JsonNode.Parse(bytes)!;
    }

    private static void Set(JsonObject job, string part, Option option, string given)
    {
        var (key, value) = Split(given, '=') ?? throw new UsageException($"{option.Name} is '{given}'; allowed: {option.HelpName}");
        Part(job, part)[key] = Typed(value);
    }

    private static void Notify(JsonObject job, string given)
    {
        if (Split(given, ':') is not var (phase, rest) || Split(rest, '=') is not var (channel, target) || !Phases.Contains(phase))
            throw new UsageException($"--notify is '{given}'; allowed: PHASE:CHANNEL=TARGET with the phase {string.Join(", ", Phases)}");
        var channels = Part(Part(job, "notify"), phase);
        if (channels[channel] is not JsonArray targets) channels[channel] = targets = channels[channel] is JsonValue one ? new JsonArray(one.DeepClone()) : [];
        targets.Add((JsonNode)target);
    }

    private static JsonObject Part(JsonObject parent, string key)
    {
        if (parent[key] is not JsonObject part) parent[key] = part = [];
        return part;
    }

    private static JsonNode? Typed(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (System.Text.Json.JsonException)
        {
            return value;
        }
    }

    private static (string Left, string Right)? Split(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is > 0 and var i ? (text[..i], text[(i + 1)..]) : null;

    private static string Name(string file) => file is "-" ? "standard input" : file;
}
