using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ReWorker.Mutants.Run;

/// <summary>Tries mutants on the tests of the runtime.</summary>
internal static class Program
{
    private const int UsageError = 64;

    public static async Task<int> Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var options = RunOptions.Parse(args);
            if (options.IsHelp)
            {
                Console.WriteLine(RunOptions.Usage);
                return 0;
            }
            var cases = Case.Select(options);
            if (!options.IsList) return await RunAsync(options, cases, stop.Token);
            foreach (var one in cases) Console.WriteLine($"{one.Folder,-24}{one.Mutant.Symbol,-44}{one.Mutant.Name}");
            return 0;
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return UsageError;
        }
        catch (RunException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> RunAsync(RunOptions options, IReadOnlyList<Case> cases, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var build = new WovenBuild();
        await WovenBuild.MakeAsync(cancel);
        await using var brokers = new Brokers();
        if (Brokers.AreNeeded(cases.SelectMany(one => one.Tests)))
            await brokers.StartAsync(Math.Min(options.AtOnce, cases.Count));
        var sample = options.Sample is null ? "" : $", --seed {options.Seed}";
        Console.WriteLine($"{cases.Count} of {Case.All.Count} mutants{sample}, after {clock.Elapsed.TotalSeconds:0} s");
        var verdicts = await new Trial(options.AtOnce, brokers).RunAsync(cases, Report, cancel);
        var scores = Score.Compute(verdicts);
        var unexpected = verdicts.Count(one => one.IsUnexpected);
        if (options.WritesPage)
        {
            var page = Page.Write(verdicts, clock.Elapsed);
            await File.WriteAllTextAsync(Repository.At("docs", "mutants.md"), page, cancel);
        }
        var results = Path.Combine(WovenBuild.Folder, "results.txt");
        await File.WriteAllLinesAsync(results, verdicts.Select(one => one.ToString()), cancel);
        Console.WriteLine($"\n{Score.Table(scores)}\n");
        var timedOut = verdicts.Count(one => one.Run.IsTimedOut);
        Console.WriteLine($"Which test found what is in {results}; {timedOut} were found by the time limit.");
        Console.WriteLine($"In {clock.Elapsed.TotalSeconds:0} s:");
        Console.WriteLine($"{verdicts.Count(one => one.IsFound && !one.IsUnexpected)} passed, {unexpected} failed");
        return unexpected == 0 ? 0 : 1;

        void Report(Verdict verdict)
        {
            if (options.IsVerbose || verdict.IsUnexpected || !verdict.IsFound) Console.WriteLine(verdict);
        }
    }
}
