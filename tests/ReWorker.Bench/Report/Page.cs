using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ReWorker.Bench.Load;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The page in docs: what the run gave, between two marks; what stands after the second is written by hand, and stays.</summary>
internal static class Page
{
    private const string End = "<!-- the end of what ./build.sh bench writes -->";

    public static string Of(Options options, string broker, Figures figures, IReadOnlyList<Contestant> workers, IReadOnlyDictionary<string, double> images, string chart, string earlier)
    {
        var page = new StringBuilder();
        page.AppendLine("# How fast it is");
        page.AppendLine();
        page.AppendLine("`./build.sh bench` wrote everything down to the mark at the end of the tables, from one run on one machine. Workers of equal guarantee do the same jobs, on one broker,");
        page.AppendLine("in turns; every reply and every line of output is checked: each job gets `started`, its lines in order, and one `completed`. A violation fails the run.");
        page.AppendLine();
        page.AppendLine($"![Jobs a second of each worker]({chart})");
        page.AppendLine();
        page.AppendLine("## Against the hand-tuned worker");
        page.AppendLine();
        page.AppendLine("Each round's ratio to the hand-tuned worker of the same round: the median, and the range. Of jobs/s more is better, of the rest less.");
        page.AppendLine();
        page.AppendLine(Table.Relative(figures, workers));
        page.AppendLine("## Against the frameworks");
        page.AppendLine();
        page.AppendLine(Table.Ahead(figures, workers));
        page.AppendLine("## The figures");
        page.AppendLine();
        page.AppendLine(Table.Absolute(figures, workers, images));
        page.AppendLine("## What is aimed at");
        page.AppendLine();
        page.AppendLine(Aims.Of(figures, images));
        page.AppendLine("## What each worker guarantees");
        page.AppendLine();
        foreach (var one in workers) page.AppendLine(CultureInfo.InvariantCulture, $"- **{one.Title}**: {one.Guarantee}");
        page.AppendLine();
        page.AppendLine("## How it was measured");
        page.AppendLine();
        foreach (var line in Machine(broker, options, figures.Rounds)) page.AppendLine($"- {line}");
        page.AppendLine();
        page.AppendLine(End);
        var kept = earlier.IndexOf(End, StringComparison.Ordinal);
        page.Append(kept < 0 ? "" : earlier[(kept + End.Length)..].TrimStart('\r', '\n') is { Length: > 0 } rest ? $"\n{rest}" : "");
        return page.ToString();
    }

    public static IEnumerable<string> Machine(string broker, Options options, int rounds) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}; {Environment.ProcessorCount} cores and {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB for load, broker and worker together; {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
        $"{RuntimeInformation.FrameworkDescription}; RabbitMQ {broker}, its schedulers told not to spin; RabbitMQ.Client 7.2.2 for all",
        string.Create(CultureInfo.InvariantCulture, $"`./build.sh bench`: {rounds} rounds, {options.Seconds} s for each load and worker, {options.Latencies} jobs one at a time; 16 jobs at a time, prefetch 64; the requester keeps up to {JobLoad.Window} jobs in the queue"),
        "Quorum queues for jobs and output, an exclusive queue for the replies; jobs of about 200 bytes. Every worker ran at least 20,000 jobs first, until it became no faster",
        "The start is that of another process each round, with its first job waiting; memory is the resident set of the process that did all the rounds",
    ];
}
