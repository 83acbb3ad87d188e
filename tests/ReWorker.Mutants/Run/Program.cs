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
            var options = Options.Parse(args);
            if (options.IsHelp)
            {
                Console.WriteLine(Options.Usage);
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

    private static async Task<int> RunAsync(Options options, IReadOnlyList<Case> cases, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var build = new WovenBuild();
        await WovenBuild.MakeAsync(cancel);
        await using var broker =
            BrokerUse.IsNeeded(cases.SelectMany(one => one.Tests)) ? await BrokerUse.StartAsync() : null;
        var sample = options.Sample is null ? "" : $", --seed {options.Seed}";
        Console.WriteLine($"{cases.Count} of {Case.All.Count} mutants{sample}, after {clock.Elapsed.TotalSeconds:0} s");
        var verdicts = await new Trial(options, BrokerUse.Environ(broker)).RunAsync(cases, Report, cancel);
        var scores = Score.Compute(verdicts);
        var unexpected = verdicts.Count(one => one.IsUnexpected);
        Console.WriteLine($"\n{Score.Table(scores)}\n\nIn {clock.Elapsed.TotalSeconds:0} s:");
        Console.WriteLine($"{verdicts.Count(one => one.IsFound && !one.IsUnexpected)} passed, {unexpected} failed");
        return unexpected == 0 ? 0 : 1;

        void Report(Verdict verdict)
        {
            if (options.IsVerbose || verdict.IsUnexpected || !verdict.IsFound) Console.WriteLine(verdict);
        }
    }
}
