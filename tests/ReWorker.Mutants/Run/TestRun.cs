using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ReWorker.Mutants.Run;

/// <summary>How a run of test classes ended.</summary>
/// <param name="Failure">The first test that failed, or how else the program failed; null if all tests passed.</param>
internal sealed record TestRun(int Passed, string? Failure, TimeSpan Took, string Output)
{
    private const string TimeLimit = "the time limit of ";

    public bool IsTimedOut => Failure?.StartsWith(TimeLimit, StringComparison.Ordinal) is true;

    /// <summary>Runs the test program until the first failure.</summary>
    /// <param name="mutant">Null for a run without a mutant.</param>
    public static async Task<TestRun> RunAsync(
        Mutant? mutant, IEnumerable<string> arguments, TimeSpan limit, Dictionary<string, string> environment,
        CancellationToken cancel)
    {
        var start = new ProcessStartInfo(
            WovenBuild.Program,
            ["-noLogo", "-noColor", "-noAutoReporters", "-stopOnFail", .. arguments])
        {
            WorkingDirectory = WovenBuild.Tests,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment[Weaver.Variable] = mutant?.Name ?? "";
        var clock = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new List<string>();
        string? failure = null;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(stop.Token);
            while (failure is null && await process.StandardOutput.ReadLineAsync(stop.Token) is { } line)
            {
                output.Add(line);
                if (line.EndsWith("[FAIL]", StringComparison.Ordinal)) failure = line.Trim();
            }
            // the rest of a failed run shows nothing new, but its tests may wait long; a baseline shows why it failed
            if (failure is not null && mutant is null)
                output.Add(await process.StandardOutput.ReadToEndAsync(stop.Token));
            if (failure is null)
            {
                output.Add(await errors);
                await process.WaitForExitAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            failure ??= $"{TimeLimit}{limit.TotalSeconds:0} s";
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        var text = string.Join('\n', output);
        var summary = Regex.Match(text, @"Total: (\d+)(?:, Errors: (\d+), Failed: (\d+), Skipped: (\d+))?");
        if (failure is null && (process.ExitCode != 0 || !summary.Success))
            failure = $"the test program exited with code {process.ExitCode}";
        var passed = summary.Success ? Number(1) - Number(2) - Number(3) - Number(4) : 0;
        return new(passed, failure, clock.Elapsed, text);

        int Number(int group) => summary.Groups[group].Success ? int.Parse(summary.Groups[group].Value, null) : 0;
    }
}
