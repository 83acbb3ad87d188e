namespace ReWorker.Tools.CommandLine;

/// <summary>
/// Takes the configuration's overrides, <c>--Section:Key=value</c> or <c>--Section:Key value</c>, out of a command line:
/// every verb knows them, and no verb's own options have a colon.
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
            if (!key.StartsWith("--", StringComparison.Ordinal) || key.IndexOf(':', StringComparison.Ordinal) < 3)
            {
                words.Add(args[i]);
                continue;
            }
            if (key.Length < args[i].Length) settings.Add(args[i]);
            else if (i + 1 < args.Length) settings.Add($"{key}={args[++i]}");
            else throw new UsageException($"{key} has no value; allowed: {key}=VALUE");
        }
        return ([.. words], [.. settings]);
    }

    public static string Argument(string key, string value) => $"--{key}={value}";
}
