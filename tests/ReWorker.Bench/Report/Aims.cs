using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>What is aimed at, beside what this run gave.</summary>
internal static class Aims
{
    public static string Of(Figures figures, IReadOnlyDictionary<string, double> images)
    {
        var text = new StringBuilder("| aim | ReWorker | native (AOT) |\n| --- | ---: | ---: |\n");
        void Row(string aim, Func<string, (double? Is, bool IsReached, string Format)> figure)
        {
            text.Append("| ").Append(aim);
            foreach (var worker in new[] { "jit", "aot" })
            {
                var (value, reached, format) = figure(worker);
                text.Append(" | ").Append(value is { } one ? $"{one.ToString(format, CultureInfo.InvariantCulture)}{(reached ? "" : ", **missed**")}" : "");
            }
            text.AppendLine(" |");
        }

        void AtLeast(string aim, double least, Func<string, double?> figure) => Row(aim, worker => figure(worker) is { } one ? (one, one >= least, "0.00") : (null, true, ""));
        void AtMost(string aim, double most, Func<string, double?> figure) => Row(aim, worker => figure(worker) is { } one ? (one, one <= most, "0.00") : (null, true, ""));
        void Under(string aim, double jit, double aot, Func<string, double?> figure) => Row(aim, worker => figure(worker) is { } one ? (one, one < (worker == "jit" ? jit : aot), "0") : (null, true, ""));

        AtLeast("jobs/s against hand-tuned, no output: 0.95", 0.95, worker => figures.Ratio(worker, "hand", one => one.Bare)?.Median);
        AtLeast("jobs/s against hand-tuned, 3 lines: 0.95", 0.95, worker => figures.Ratio(worker, "hand", one => one.Talking)?.Median);
        foreach (var (peer, title, times) in new[] { ("masstransit", "MassTransit", 2.0), ("wolverine", "Wolverine", 1.5) })
        {
            foreach (var (load, figure) in new (string, Func<Sample, double?>)[] { ("no output", one => one.Bare), ("3 lines", one => one.Talking) })
            {
                AtLeast(string.Create(CultureInfo.InvariantCulture, $"jobs/s against {title}, {load}: {times:0.0}"), times, worker => figures.Ratio(worker, peer, figure)?.Median);
                AtLeast($"ahead of {title} in every round, {load}: the least ratio", 1, worker => figures.Ratio(worker, peer, figure)?.Least);
            }
        }
        AtMost("p50 against hand-tuned: 1.2", 1.2, worker => figures.Ratio(worker, "hand", one => one.P50)?.Median);
        AtMost("p99 against hand-tuned: 1.2", 1.2, worker => figures.Ratio(worker, "hand", one => one.P99)?.Median);
        AtMost("CPU per job against hand-tuned, no output: 1.2", 1.2, worker => figures.Ratio(worker, "hand", one => one.Cpu)?.Median);
        AtMost("CPU per job against hand-tuned, 3 lines: 1.2", 1.2, worker => figures.Ratio(worker, "hand", one => one.CpuTalking)?.Median);
        Under("memory after at least 20,000 jobs, MB: 70, native 30", 70, 30, worker => figures.Of(worker, one => one.Warm / 1e6)?.Median);
        Under("start to the first completed job, ms: 350, native 60", 350, 60, worker => figures.Of(worker, one => one.Start)?.Median);
        Under("image, MB: 140, native 45", 140, 45, worker => images.TryGetValue(worker, out var size) ? size : null);
        return text.ToString();
    }
}
