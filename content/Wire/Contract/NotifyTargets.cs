namespace ReWorker.Wire.Contract;

/// <summary>Whom a job's notifications go to: phase → channel → targets.</summary>
internal sealed class NotifyTargets
{
    private const int MaxChannels = 100;
    private const int MaxTargets = 1000;
    private static readonly NotifyTargets None = new();

    private readonly Dictionary<Phase, List<KeyValuePair<string, string[]>>> _phases = [];

    public IReadOnlyList<KeyValuePair<string, string[]>> For(Phase phase) =>
        _phases.TryGetValue(phase, out var channels) ? channels : [];

    // Reads {"failed":{"irc":["#ops"]}}. Skips phases and channels of another form, as the Python library does.
    // Returns the limit that the job exceeds; null if it exceeds none.
    public static JobError? TryRead(JsonElement json, out NotifyTargets targets)
    {
        targets = None;
        if (json.ValueKind is not JsonValueKind.Object || json.GetPropertyCount() == 0) return null;
        targets = new NotifyTargets();
        var (channelCount, targetCount) = (0, 0);
        foreach (var phase in json.EnumerateObject())
        {
            if (PhaseNames.Parse(phase.Name) is not { } name) continue;
            if (phase.Value.ValueKind is not JsonValueKind.Object) continue;
            var channels = targets._phases[name] = [];
            foreach (var channel in phase.Value.EnumerateObject())
            {
                if (ReadTargets(channel.Value) is not { } list) continue;
                if (Encoding.UTF8.GetByteCount(channel.Name) is var bytes && bytes > Names.ChannelBytes)
                    return Exceeds($"names a channel of {bytes} bytes", Names.ChannelBytes);
                if (++channelCount > MaxChannels) return Exceeds($"has more than {MaxChannels} channels", MaxChannels);
                targetCount += list.Length;
                if (targetCount > MaxTargets) return Exceeds($"has more than {MaxTargets} targets", MaxTargets);
                channels.Add(new(channel.Name, list));
            }
        }
        return null;
    }

    /// <summary>Null if the value is neither a string nor a list of strings.</summary>
    public static string[]? ReadTargets(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array when json.EnumerateArray().All(target => target.ValueKind is JsonValueKind.String)
            => [.. json.EnumerateArray().Select(target => target.GetString()!)],
        _ => null,
    };

    private static JobError Exceeds(string what, int max) => new($"the job's 'notify' {what}; allowed: {max}");
}
