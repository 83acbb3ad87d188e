using System.Diagnostics;

namespace My.Step_1.Tests;

/// <summary>Runs <c>rabbitmqctl</c> and checks its exit code.</summary>
internal static class Rabbitmqctl
{
    public static async Task<string> RunAsync(string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return Check(arguments, process.ExitCode, await output, await error);
    }

    public static string Check(string[] arguments, long exitCode, string output, string error) =>
        exitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"rabbitmqctl {string.Join(' ', arguments)} failed with exit code {exitCode}: {error}{output}");
}
