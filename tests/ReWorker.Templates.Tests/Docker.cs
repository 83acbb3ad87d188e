using System.Diagnostics;

namespace ReWorker.Templates.Tests;

/// <summary>The <c>docker</c> command. Tests that need it are skipped where no engine answers, or where REWORKER_DOCKER=0 passes it over.</summary>
internal static class Docker
{
    private static readonly Lazy<Task<bool>> Answers = new(async () =>
        Environment.GetEnvironmentVariable("REWORKER_DOCKER") != "0" && await TryAsync("info") && await TryAsync("compose", "version"));

    public static async Task SkipWithoutAsync() => Assert.SkipUnless(await Answers.Value, "needs a Docker engine");

    public static Task<string> RunAsync(params string[] arguments) => RunAsync(Path.GetTempPath(), [], arguments);

    /// <summary>Runs it to its end and returns what it wrote to its output; a failure throws.</summary>
    public static async Task<string> RunAsync(string folder, IEnumerable<KeyValuePair<string, string>> environment, string[] arguments, int[]? allowed = null)
    {
        var start = new ProcessStartInfo("docker", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True((allowed ?? [0]).Contains(process.ExitCode), $"docker {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }

    private static async Task<bool> TryAsync(params string[] arguments)
    {
        try
        {
            await RunAsync(arguments);
            return true;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or Xunit.Sdk.XunitException)
        {
            return false;
        }
    }
}
