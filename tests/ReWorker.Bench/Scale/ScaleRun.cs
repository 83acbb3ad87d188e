using System.Globalization;
using System.Text;
using ReWorker.Bench.Load;
using ReWorker.Bench.Report;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Scale;

/// <summary>The result of one run: a row of the table.</summary>
internal sealed record Finding(string Run, string Figures);

/// <summary>Takes the worker to its limits, in one run for each.</summary>
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
        var table = new StringBuilder("| run | result |\n| --- | --- |\n");
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
        Console.WriteLine("Each job got one terminal reply, and everything arrived in order.");
        if (options.Page is { } page)
        {
            var form = options.IsQuick ? "The quick form" : "The full form";
            string[] notes =
            [
                .. Page.Machine(broker.Version, options, rounds: 1).Take(2),
                $"{form}; one worker as scaffolded (JIT), concurrency 16, prefetch 64, unless a run says otherwise",
            ];
            var text = $"""
                # At scale

                `./build.sh bench scale` writes this page. It checks every reply and every line of output: each job
                got one terminal reply, and everything arrived in order.

                {table}
                {string.Join('\n', notes.Select(Page.Item))}

                """;
            await File.WriteAllTextAsync(page, text);
        }
        return 0;
    }
}
