using System.Diagnostics;

namespace ReWorker.Templates.Tests;

/// <summary>The <c>dotnet</c> command, as a person at a terminal has it.</summary>
internal static class DotNet
{
    private static readonly string Program = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static Task<CommandResult> RunAsync(string folder, params string[] arguments) =>
        RunAsync(folder, new Dictionary<string, string>(), arguments);

    public static Task<CommandResult> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        RunCommandAsync(folder, environment, Program, arguments);

    /// <summary>Another command, in the same surroundings.</summary>
    public static Task<CommandResult> RunCommandAsync(
        string folder, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };

        // What the `dotnet test` around us tells its children is not meant for these.
        foreach (var name in start.Environment.Keys.ToList())
            if (name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)) start.Environment.Remove(name);

        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // nothing of ours outlives the run
        start.Environment["UseSharedCompilation"] = "false";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Command.TryAsync(start, cancel: TestContext.Current.CancellationToken);
    }
}

/// <summary>A line of a script, as a CI runs it.</summary>
internal static class Shell
{
    public static Task<CommandResult> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, string script) =>
        DotNet.RunCommandAsync(folder, environment, "bash", "-e", "-o", "pipefail", "-c", script);
}
