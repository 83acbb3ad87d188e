namespace ReWorker.Tools.CommandLine;

/// <summary>
/// Separates settings, <c>--Section:Key=value</c> or <c>--Section:Key value</c>, from the other arguments. Every verb
/// takes settings, and no verb's own option has a colon.
/// </summary>
internal static class Settings
{
    public static (string[] Words, string[] Settings) Split(string[] args)
    {
        var words = new List<string>();
        var settings = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var key = args[i].Split('=', 2)[0];
            var isOption = key.StartsWith("--", StringComparison.Ordinal);
            if (!isOption || key.IndexOf(':', StringComparison.Ordinal) < 3) words.Add(args[i]);
            else if (key.Length < args[i].Length) settings.Add(args[i]);
            else if (i + 1 < args.Length) settings.Add($"{key}={args[++i]}");
            else throw new UsageException($"{key} has no value; allowed: {key}=VALUE");
        }
        return ([.. words], [.. settings]);
    }

    public static string Argument(string key, string value) => $"--{key}={value}";
}
