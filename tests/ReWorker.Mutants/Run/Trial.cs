using System.Collections.Concurrent;

namespace ReWorker.Mutants.Run;

/// <summary>Runs the tests once for each mutant.</summary>
internal sealed class Trial(Options options, Dictionary<string, string> environment)
{
    private static readonly TimeSpan BaselineLimit = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, TestRun> _baselines = [];

    /// <exception cref="RunException">Tests fail without a mutant, or there are none; the message names them.</exception>
    public async Task<IReadOnlyList<Verdict>> RunAsync(
        IReadOnlyList<Case> cases, Action<Verdict> report, CancellationToken cancel)
    {
        await CheckClassesAsync(cases);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.AtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(cases.DistinctBy(one => one.Key), parallel, async (one, token) =>
            _baselines[one.Key] = await BaselineAsync(one.Tests, token));
        var verdicts = new ConcurrentBag<Verdict>();
        await Parallel.ForEachAsync(cases, parallel, async (one, token) =>
        {
            var limit = _baselines[one.Key].Took * 3 + TimeSpan.FromSeconds(20);
            var run = await TestRun.RunAsync(one.Mutant, one.Tests, limit, environment, token);
            if (run is { Failure: null, Passed: 0 })
                throw new RunException($"no test ran for the mutant \"{one.Mutant.Name}\":\n{run.Output}");
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
        var problems = unknown.ToList();
        problems.AddRange(cases.Where(one => one.Tests.Count == 0)
            .Select(one => $"the mutant \"{one.Mutant.Name}\" has no test classes"));
        if (problems.Count > 0) throw new RunException(string.Join('\n', problems));
    }

    private async Task<TestRun> BaselineAsync(IReadOnlyList<string> classes, CancellationToken cancel)
    {
        var run = await TestRun.RunAsync(mutant: null, classes, BaselineLimit, environment, cancel);
        var names = string.Join(", ", classes);
        if (run.Failure is { } failure)
            throw new RunException($"{names} must pass without a mutant: {failure}\n{run.Output}");
        return run.Passed > 0 ? run : throw new RunException($"no test of {names} ran:\n{run.Output}");
    }
}
