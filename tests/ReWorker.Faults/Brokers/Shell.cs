using System.Diagnostics;

namespace ReWorker.Faults;

/// <summary>Runs a command and returns what it printed.</summary>
internal static class Shell
{
    public static async Task<string> RunAsync(string command, params string[] arguments)
    {
        var (code, output, error) = await TryAsync(command, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {code}: {error.Trim()} {output.Trim()}");
    }

    public static async Task<(int Code, string Output, string Error)> TryAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
