using System.Diagnostics;

namespace ReWorker.Templates.Tests;

/// <summary>Runs <c>dotnet</c> as a user at a terminal does.</summary>
internal static class DotNet
{
    private static readonly string Program = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static Task<CommandResult> RunAsync(string folder, params string[] arguments) =>
        RunAsync(folder, new Dictionary<string, string>(), arguments);

    public static Task<CommandResult> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        RunCommandAsync(folder, environment, Program, arguments);

    /// <summary>Runs another command in the same environment.</summary>
    public static Task<CommandResult> RunCommandAsync(
        string folder, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };

        // the variables of the surrounding `dotnet test` are not meant for these processes
        foreach (var name in start.Environment.Keys.ToList())
            if (name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)) start.Environment.Remove(name);

        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // no build server outlives the run
        start.Environment["UseSharedCompilation"] = "false";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Command.TryAsync(start, cancel: TestContext.Current.CancellationToken);
    }
}

/// <summary>Runs a script as a CI does.</summary>
internal static class Shell
{
    public static Task<CommandResult> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, string script) =>
        DotNet.RunCommandAsync(folder, environment, "bash", "-e", "-o", "pipefail", "-c", script);
}
