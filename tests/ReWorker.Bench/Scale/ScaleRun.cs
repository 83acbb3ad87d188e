using System.Globalization;
using System.Text;
using ReWorker.Bench.Load;
using ReWorker.Bench.Report;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Scale;

/// <summary>What one run found: a row of the table.</summary>
internal sealed record Finding(string Run, string Figures);

/// <summary>The worker at the edges: much of everything. Each run has an end of its own.</summary>
internal static class ScaleRun
{
    private static readonly (string Name, Func<Stage, Task<List<Finding>>> Run)[] Runs =
    [
        ("backlog", Backlog.RunAsync),
        ("bodies", Bodies.RunAsync),
        ("replicas", Replicas.RunAsync),
        ("lines", ManyLines.RunAsync),
        ("requester", SlowRequester.RunAsync),
        ("sleepers", Sleepers.RunAsync),
    ];

    public static async Task<int> RunAsync(Options options, BenchBroker broker, Contestant worker)
    {
        var table = new StringBuilder("| run | what was seen |\n| --- | --- |\n");
        var violations = new List<string>();
        foreach (var (name, run) in Runs.Where(one => options.Names.Count == 0 || options.Names.Contains(one.Name)))
        {
            var stage = new Stage(options, broker, worker, name);
            try
            {
                foreach (var finding in await run(stage))
                {
                    Console.WriteLine($"{finding.Run}: {finding.Figures}");
                    table.AppendLine(CultureInfo.InvariantCulture, $"| {finding.Run} | {finding.Figures} |");
                }
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException)
            {
                violations.Add($"{name}: {e.Message}");
            }
            violations.AddRange(stage.Violations.Select(one => $"{name}: {one}"));
        }
        foreach (var violation in violations) Console.WriteLine($"violated: {violation}");
        if (violations.Count > 0) return 1;
        Console.WriteLine("Every job was answered once, in order.");
        if (options.Page is { } page)
        {
            var machine = string.Join('\n', Page.Machine(broker.Version, options, 1).Take(2).Select(line => $"- {line}"));
            await File.WriteAllTextAsync(page, $"# Much of everything\n\n`./build.sh bench scale` wrote this page. Every reply and every line is checked: each job was answered once, in order.\n\n{table}\n{machine}\n- {(options.IsQuick ? "the quick form" : "the full form")}, one worker as scaffolded (JIT), 16 jobs at a time, prefetch 64, unless a run says otherwise\n");
        }
        return 0;
    }
}
