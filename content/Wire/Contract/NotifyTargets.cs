using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>Who wants to hear of which phase: phase → channel → targets, as the job lists them.</summary>
internal sealed class NotifyTargets
{
    public static readonly NotifyTargets None = new();

    private readonly Dictionary<string, List<KeyValuePair<string, string[]>>> _phases = [];

    public IReadOnlyList<KeyValuePair<string, string[]>> For(Phase phase) =>
        _phases.TryGetValue(Names.ForPhase(phase), out var channels) ? channels : [];

    /// <summary>Every channel, of any phase.</summary>
    public IEnumerable<string> Channels => _phases.Values.SelectMany(channels => channels, (_, one) => one.Key);

    /// <summary>Reads <c>{"failed":{"irc":["#ops"]}}</c>; a single target may stand without its list.</summary>
    public static bool TryRead(JsonElement json, out NotifyTargets targets)
    {
        targets = None;
        if (json.ValueKind is not JsonValueKind.Object) return false;
        if (json.GetPropertyCount() == 0) return true;
        targets = new NotifyTargets();
        foreach (var phase in json.EnumerateObject())
        {
            if (phase.Value.ValueKind is not JsonValueKind.Object) return false;
            var channels = targets._phases[phase.Name] = [];
            foreach (var channel in phase.Value.EnumerateObject())
            {
                if (ReadList(channel.Value) is not { } list) return false;
                channels.Add(new(channel.Name, list));
            }
        }
        return true;
    }

    internal static string[]? ReadList(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array when json.EnumerateArray().All(one => one.ValueKind is JsonValueKind.String)
            => [.. json.EnumerateArray().Select(one => one.GetString()!)],
        _ => null,
    };
}
