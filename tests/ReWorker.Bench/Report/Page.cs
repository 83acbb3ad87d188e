using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ReWorker.Bench.Load;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>docs/performance.md: the results of a run, up to the mark. What follows is written by hand.</summary>
internal static class Page
{
    private const int MaxColumns = 120;
    private const string End = "<!-- the end of what ./build.sh bench writes -->";

    public static string Of(
        Options options, string broker, Figures figures, IReadOnlyList<Contestant> workers,
        IReadOnlyDictionary<string, double> images, string chart, string earlier)
    {
        var end = earlier.IndexOf(End, StringComparison.Ordinal);
        var byHand = end < 0 ? "" : earlier[(end + End.Length)..];
        return $"""
            # How fast it is

            `./build.sh bench` wrote this page, up to the mark after the tables, in one run on one machine. Workers with
            the same guarantee run the same jobs on one broker, in turns. The bench checks every reply and every line of
            output: each job gets `started`, its lines in order, and one `completed`. A violation fails the run.

            ![Jobs per second of each worker]({chart})

            ## Compared with the hand-tuned worker

            Each round's ratio to the hand-tuned worker in the same round: median and range. More is better for jobs/s;
            less is better for the rest.

            {Table.Relative(figures, workers)}
            ## Compared with the frameworks

            {Table.Ahead(figures, workers)}
            ## All figures

            {Table.Absolute(figures, workers, images)}
            ## Targets

            {Targets.Compare(figures, images)}
            ## What each worker guarantees

            {string.Join('\n', workers.Select(worker => Item($"**{worker.Title}**: {worker.Guarantee}")))}

            ## How it was measured

            {string.Join('\n', Machine(broker, options, figures.Rounds).Select(Item))}

            {End}{(byHand.Length > 0 ? byHand : "\n")}
            """;
    }

    public static IEnumerable<string> Machine(string broker, Options options, int rounds) =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-dd}; {Environment.ProcessorCount} cores and "
            + $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB for load, broker and worker together; "
            + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
        $"{RuntimeInformation.FrameworkDescription}; RabbitMQ {broker}, whose schedulers do not spin; RabbitMQ.Client "
        + "7.2.2 for all workers",
        string.Create(
            CultureInfo.InvariantCulture,
            $"`./build.sh bench`: {rounds} rounds; {options.Seconds} s for each load and worker, then "
            + $"{options.Latencies} jobs one at a time; concurrency 16, prefetch 64; the requester keeps up to "
            + $"{JobLoad.Window} jobs in the queue"),
        "Quorum queues for jobs and output, an exclusive queue for replies; jobs of about 200 bytes. Each worker first "
        + "ran at least 20,000 jobs, until it stopped getting faster",
        "The start is that of another process in each round, with its first job waiting. Memory is the resident set of "
        + "the process that ran all rounds",
    ];

    /// <summary>Makes a list item, wrapped as a person would.</summary>
    public static string Item(string text)
    {
        var lines = new StringBuilder();
        var line = "-";
        foreach (var word in text.Split(' '))
        {
            if (line.Length + 1 + word.Length > MaxColumns)
            {
                lines.AppendLine(line);
                line = " ";
            }
            line += $" {word}";
        }
        return lines.Append(line).ToString();
    }
}
