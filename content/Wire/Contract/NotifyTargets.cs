using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>Whom a job's notifications go to: phase → channel → targets.</summary>
internal sealed class NotifyTargets
{
    public static readonly NotifyTargets None = new();

    private readonly Dictionary<string, List<KeyValuePair<string, string[]>>> _phases = [];

    /// <summary>The channels of all phases.</summary>
    public IEnumerable<string> Channels => _phases.Values.SelectMany(channels => channels, (_, channel) => channel.Key);

    public IReadOnlyList<KeyValuePair<string, string[]>> For(Phase phase) =>
        _phases.TryGetValue(PhaseNames.For(phase), out var channels) ? channels : [];

    /// <summary>Reads <c>{"failed":{"irc":["#ops"]}}</c>. A single target may stand without a list.</summary>
    public static bool TryRead(JsonElement json, out NotifyTargets targets)
    {
        targets = None;
        if (json.ValueKind is JsonValueKind.Undefined) return true;
        if (json.ValueKind is not JsonValueKind.Object) return false;
        if (json.GetPropertyCount() == 0) return true;
        targets = new NotifyTargets();
        foreach (var phase in json.EnumerateObject())
        {
            if (phase.Value.ValueKind is not JsonValueKind.Object) return false;
            var channels = targets._phases[phase.Name] = [];
            foreach (var channel in phase.Value.EnumerateObject())
            {
                if (ReadTargets(channel.Value) is not { } list) return false;
                channels.Add(new(channel.Name, list));
            }
        }
        return true;
    }

    /// <summary>Null if the value is neither a string nor a list of strings.</summary>
    public static string[]? ReadTargets(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array when json.EnumerateArray().All(target => target.ValueKind is JsonValueKind.String)
            => [.. json.EnumerateArray().Select(target => target.GetString()!)],
        _ => null,
    };
}
