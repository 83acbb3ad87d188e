using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The figures as Markdown: one column a worker.</summary>
internal static class Table
{
    private static readonly (string What, string Format, Func<Sample, double?> Figure)[] Rows =
    [
        ("jobs/s, no output", "#,0", one => one.Bare),
        ("jobs/s, 3 lines a job", "#,0", one => one.Talking),
        ("p50, one at a time, ms", "0.00", one => one.P50),
        ("p99, one at a time, ms", "0.0", one => one.P99),
        ("CPU s per 1,000 jobs, worker, no output", "0.000", one => one.Cpu),
        ("CPU s per 1,000 jobs, worker, 3 lines", "0.000", one => one.CpuTalking),
        ("CPU s per 1,000 jobs, broker, no output", "0.000", one => one.BrokerCpu),
        ("CPU s per 1,000 jobs, broker, 3 lines", "0.000", one => one.BrokerCpuTalking),
        ("bytes allocated a job, no output", "#,0", one => one.Allocated),
        ("bytes allocated a job, 3 lines", "#,0", one => one.AllocatedTalking),
        ("memory when warm, after at least 20,000 jobs, MB", "0", one => one.Warm / 1e6),
        ("memory at the end, MB", "0", one => one.Resident / 1e6),
        ("memory, peak, MB", "0", one => one.Peak / 1e6),
        ("start to the first completed job, ms", "0", one => one.Start),
    ];

    private static readonly (string What, Func<Sample, double?> Figure)[] Ratios =
    [
        ("jobs/s, no output", one => one.Bare),
        ("jobs/s, 3 lines a job", one => one.Talking),
        ("p50", one => one.P50),
        ("p99", one => one.P99),
        ("CPU per job, no output", one => one.Cpu),
        ("CPU per job, 3 lines", one => one.CpuTalking),
    ];

    /// <summary>Medians; under each its range over the rounds.</summary>
    public static string Absolute(Figures figures, IReadOnlyList<Contestant> workers, IReadOnlyDictionary<string, double> images)
    {
        var text = Head("", workers);
        foreach (var (what, format, figure) in Rows)
            Row(text, what, workers.Select(one => Cell(figures.Of(one.Name, figure), format)));
        if (images.Count > 0) Row(text, "image, MB", workers.Select(one => images.TryGetValue(one.Name, out var size) ? size.ToString("0", CultureInfo.InvariantCulture) : ""));
        return text.ToString();
    }

    /// <summary>Each round against the hand-tuned worker of the same round.</summary>
    public static string Relative(Figures figures, IReadOnlyList<Contestant> workers)
    {
        var text = Head("hand-tuned = 1.00", workers);
        foreach (var (what, figure) in Ratios)
            Row(text, what, workers.Select(one => one.Name == Figures.Reference ? "1.00" : Cell(figures.Ratio(one.Name, Figures.Reference, figure), "0.00")));
        return text.ToString();
    }

    /// <summary>Ours against each of the frameworks, round by round.</summary>
    public static string Ahead(Figures figures, IReadOnlyList<Contestant> workers)
    {
        var peers = workers.Where(one => !one.IsOurs && !one.IsByHand).ToList();
        var text = Head("how many times as many jobs/s", peers);
        foreach (var ours in workers.Where(one => one.IsOurs))
        {
            Row(text, $"{ours.Title}, no output", peers.Select(peer => Cell(figures.Ratio(ours.Name, peer.Name, one => one.Bare), "0.00")));
            Row(text, $"{ours.Title}, 3 lines a job", peers.Select(peer => Cell(figures.Ratio(ours.Name, peer.Name, one => one.Talking), "0.00")));
        }
        return text.ToString();
    }

    private static StringBuilder Head(string corner, IReadOnlyList<Contestant> workers)
    {
        var text = new StringBuilder();
        Row(text, corner, workers.Select(one => one.Title));
        Row(text, "---", workers.Select(_ => "---:"));
        return text;
    }

    private static void Row(StringBuilder text, string first, IEnumerable<string> cells) => text.Append("| ").Append(first).Append(" | ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Cell(Spread? spread, string format) => spread is not { } one ? "" : one.Least == one.Most
        ? one.Median.ToString(format, CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{one.Median.ToString(format, CultureInfo.InvariantCulture)} ({one.Least.ToString(format, CultureInfo.InvariantCulture)}–{one.Most.ToString(format, CultureInfo.InvariantCulture)})");
}
