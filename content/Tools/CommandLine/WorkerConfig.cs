namespace ReWorker.Tools.CommandLine;

/// <summary>
/// Reads the Python runner's WORKER_CONFIG.json, the worker's own settings, as the section <c>WorkerConfig</c>. The
/// keys <c>queue</c> and <c>OUTPUT_LEVEL</c> have the same meaning as in Python.
/// </summary>
internal static class WorkerConfig
{
    private static readonly Dictionary<string, string> Levels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["DEBUG"] = "Debug", ["INFO"] = "Information", ["WARNING"] = "Warning", ["WARN"] = "Warning",
        ["ERROR"] = "Error", ["CRITICAL"] = "Critical", ["FATAL"] = "Critical",
    };

    public static IEnumerable<string> Read(string path)
    {
        var json = JsonFile.ReadObject(path);
        if (json.TryGetProperty("queue", out var queue))
            yield return Settings.Argument("Worker:Queue", Queue(path, queue));
        if (json.TryGetProperty("OUTPUT_LEVEL", out var level))
            yield return Settings.Argument("Worker:OutputLevel", Level(path, level));

        using var bytes = new MemoryStream(JsonFile.ReadBytes(path));
        foreach (var (key, value) in new ConfigurationBuilder().AddJsonStream(bytes).Build().AsEnumerable())
            if (value is not null) yield return Settings.Argument($"{WorkerRegistration.ConfigSection}:{key}", value);
    }

    private static string Queue(string path, JsonElement json) =>
        json.ValueKind is JsonValueKind.String && json.GetString() is { Length: > 0 } queue
            ? queue
            : throw new UsageException($"{path}: 'queue' is {json.GetRawText()}; allowed: a name");

    private static string Level(string path, JsonElement json) =>
        json.ValueKind is JsonValueKind.String && Levels.TryGetValue(json.GetString()!, out var level)
            ? level
            : throw new UsageException(
                $"{path}: 'OUTPUT_LEVEL' is {json.GetRawText()}; allowed: {string.Join(", ", Levels.Keys)}");
}
