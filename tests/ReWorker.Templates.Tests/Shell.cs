namespace ReWorker.Templates.Tests;

/// <summary>A line of a script, as a CI runs it.</summary>
internal static class Shell
{
    public static Task<DotNet.Result> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, string script) =>
        DotNet.RunCommandAsync(folder, environment, "bash", "-e", "-o", "pipefail", "-c", script);
}
