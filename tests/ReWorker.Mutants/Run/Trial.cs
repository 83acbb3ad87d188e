using System.Collections.Concurrent;

namespace ReWorker.Mutants.Run;

/// <summary>Runs the tests once for each mutant.</summary>
internal sealed class Trial(int atOnce, Brokers brokers)
{
    /// <exception cref="RunException">Tests fail without a mutant, or do not exist; the message names them.</exception>
    public async Task<IReadOnlyList<Verdict>> RunAsync(
        IReadOnlyList<Case> cases, Action<Verdict> report, CancellationToken cancel)
    {
        await CheckClassesAsync(cases);
        var baseline = await Baseline.RunAsync(cases.SelectMany(one => one.Tests), brokers, atOnce, cancel);
        var verdicts = new ConcurrentBag<Verdict>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(cases, parallel, async (one, token) =>
        {
            var run = await brokers.RunAsync(one.Mutant, one.Tests, baseline.Limit(one.Tests), token);
            if (run is { Failure: null, Passed: 0 })
                throw new RunException($"No test ran for the mutant \"{one.Mutant.Name}\":\n{run.Output}");
            var verdict = new Verdict(one, run);
            verdicts.Add(verdict);
            lock (verdicts) report(verdict);
        });
        return [.. verdicts.OrderBy(one => one.Case.Folder).ThenBy(one => one.Case.Mutant.Name)];
    }

    private static async Task CheckClassesAsync(IReadOnlyList<Case> cases)
    {
        var list = await Command.RunAsync(WovenBuild.Program, "-noLogo", "-list", "classes");
        var classes = list.Split('\n').Select(line => line.Trim().Split('.')[^1]).ToHashSet();
        var unknown =
            from one in cases
            from name in one.Tests
            where !classes.Contains(name)
            group one.Mutant.Name by name into wrong
            select $"ReWorker.Tests has no test class {wrong.Key}, but the mutant \"{wrong.First()}\" names it";
        var idle = cases.Where(one => one.Tests.Count == 0)
            .Select(one => $"the mutant \"{one.Mutant.Name}\" has no test classes");
        var problems = unknown.Concat(idle).ToList();
        if (problems.Count > 0) throw new RunException(string.Join('\n', problems));
    }
}
