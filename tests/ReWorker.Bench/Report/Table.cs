using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The figures as Markdown tables, with a column for each worker.</summary>
internal static class Table
{
    private static readonly (string Title, string Format, Func<Sample, double?> Figure)[] Rows =
    [
        ("jobs/s, no output", "#,0", sample => sample.NoOutput),
        ("jobs/s, 3 lines per job", "#,0", sample => sample.WithOutput),
        ("p50, one job at a time, ms", "0.00", sample => sample.P50),
        ("p99, one job at a time, ms", "0.0", sample => sample.P99),
        ("CPU s per 1,000 jobs, worker, no output", "0.000", sample => sample.Cpu),
        ("CPU s per 1,000 jobs, worker, 3 lines", "0.000", sample => sample.CpuWithOutput),
        ("CPU s per 1,000 jobs, broker, no output", "0.000", sample => sample.BrokerCpu),
        ("CPU s per 1,000 jobs, broker, 3 lines", "0.000", sample => sample.BrokerCpuWithOutput),
        ("bytes allocated per job, no output", "#,0", sample => sample.Allocated),
        ("bytes allocated per job, 3 lines", "#,0", sample => sample.AllocatedWithOutput),
        ("memory when warm, after at least 20,000 jobs, MB", "0", sample => sample.Warm / 1e6),
        ("memory at the end, MB", "0", sample => sample.Resident / 1e6),
        ("peak memory, MB", "0", sample => sample.Peak / 1e6),
        ("start to first completed job, ms", "0", sample => sample.Start),
    ];

    private static readonly (string Title, Func<Sample, double?> Figure)[] Ratios =
    [
        ("jobs/s, no output", sample => sample.NoOutput),
        ("jobs/s, 3 lines per job", sample => sample.WithOutput),
        ("p50", sample => sample.P50),
        ("p99", sample => sample.P99),
        ("CPU per job, no output", sample => sample.Cpu),
        ("CPU per job, 3 lines", sample => sample.CpuWithOutput),
    ];

    /// <summary>The medians, each with its range over the rounds.</summary>
    public static string Absolute(
        Figures figures, IReadOnlyList<Contestant> workers, IReadOnlyDictionary<string, double> images)
    {
        var text = Head("", workers);
        foreach (var (title, format, figure) in Rows)
            Row(text, title, workers.Select(worker => Cell(figures.Of(worker.Name, figure), format)));
        if (images.Count > 0) Row(text, "image, MB", workers.Select(worker => Image(images, worker)));
        return text.ToString();
    }

    /// <summary>Each round relative to the hand-tuned worker in the same round.</summary>
    public static string Relative(Figures figures, IReadOnlyList<Contestant> workers)
    {
        var text = Head("hand-tuned = 1.00", workers);
        foreach (var (title, figure) in Ratios)
        {
            Row(text, title, workers.Select(worker => worker.Name == Figures.Reference
                ? "1.00"
                : Cell(figures.Ratio(worker.Name, Figures.Reference, figure), "0.00")));
        }
        return text.ToString();
    }

    /// <summary>Our workers relative to each of the frameworks, round by round.</summary>
    public static string Ahead(Figures figures, IReadOnlyList<Contestant> workers)
    {
        var peers = workers.Where(worker => !worker.IsOurs && !worker.IsByHand).ToList();
        var text = Head("ratio of jobs/s", peers);
        foreach (var ours in workers.Where(worker => worker.IsOurs))
        {
            AddRow(ours, "no output", sample => sample.NoOutput);
            AddRow(ours, "3 lines per job", sample => sample.WithOutput);
        }
        return text.ToString();

        void AddRow(Contestant ours, string load, Func<Sample, double?> figure) =>
            Row(text, $"{ours.Title}, {load}", peers.Select(peer =>
                Cell(figures.Ratio(ours.Name, peer.Name, figure), "0.00")));
    }

    private static StringBuilder Head(string corner, IReadOnlyList<Contestant> workers)
    {
        var text = new StringBuilder();
        Row(text, corner, workers.Select(worker => worker.Title));
        Row(text, "---", workers.Select(_ => "---:"));
        return text;
    }

    private static void Row(StringBuilder text, string first, IEnumerable<string> cells) =>
        text.Append("| ").Append(first).Append(" | ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Image(IReadOnlyDictionary<string, double> images, Contestant worker) =>
        images.TryGetValue(worker.Name, out var size) ? size.ToString("0", CultureInfo.InvariantCulture) : "";

    private static string Cell(Spread? spread, string format)
    {
        if (spread is not { } value) return "";
        var (median, min, max) = (Text(value.Median), Text(value.Min), Text(value.Max));
        return value.Min == value.Max ? median : $"{median} ({min}–{max})";

        string Text(double number) => number.ToString(format, CultureInfo.InvariantCulture);
    }
}
