using System.ComponentModel;
using System.Diagnostics;

namespace ReWorker.TestKit;

/// <summary>How a command ended and what it printed.</summary>
public sealed record CommandResult(string Command, int ExitCode, string StandardOutput, string StandardError)
{
    /// <summary>Standard output, then standard error.</summary>
    public string Output => StandardOutput + StandardError;

    /// <exception cref="InvalidOperationException">The exit code is not 0.</exception>
    public CommandResult Succeeded() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"{Command} exited with code {ExitCode}:\n{Output}");
}

/// <summary>Runs commands with empty standard input.</summary>
public static class Command
{
    /// <summary>The exit code that a shell returns for an unknown program.</summary>
    private const int NotFound = 127;

    /// <summary>Returns the command's standard output. An exit code other than 0 throws.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments) =>
        (await TryAsync(program, arguments)).Succeeded().StandardOutput.Trim();

    public static Task<CommandResult> TryAsync(string program, params string[] arguments) =>
        TryAsync(new ProcessStartInfo(program, arguments));

    /// <summary>Runs the command to its end. On timeout and on cancellation its whole process tree is killed.</summary>
    /// <exception cref="TimeoutException">The command took longer than <paramref name="timeout"/>.</exception>
    public static async Task<CommandResult> TryAsync(
        ProcessStartInfo start, TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var line = $"{Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList)}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(line, process.ExitCode, await output, await error);
        }
        catch (Win32Exception e) when (process is null)
        {
            return new CommandResult(line, NotFound, "", e.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"{line} did not exit within {timeout?.TotalSeconds} s");
        }
        finally
        {
            if (process is { HasExited: false }) process.Kill(entireProcessTree: true);
            process?.Dispose();
        }
    }
}
