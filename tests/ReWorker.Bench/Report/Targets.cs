using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The targets, beside the results of this run.</summary>
internal static class Targets
{
    private static readonly (string Name, string Title, double Ratio)[] Frameworks =
        [("masstransit", "MassTransit", 2.0), ("wolverine", "Wolverine", 1.5)];

    private static readonly (string Name, Func<Sample, double?> Figure)[] Loads =
        [("no output", sample => sample.NoOutput), ("3 lines", sample => sample.WithOutput)];

    public static string Compare(Figures figures, IReadOnlyDictionary<string, double> images)
    {
        var text = new StringBuilder("| target | ReWorker | native (AOT) |\n| --- | ---: | ---: |\n");
        foreach (var (load, figure) in Loads)
            AtLeast($"jobs/s relative to hand-tuned, {load}: 0.95", 0.95, ToHandTuned(figure));
        foreach (var (name, title, ratio) in Frameworks)
        {
            foreach (var (load, figure) in Loads)
            {
                AtLeast(
                    string.Create(CultureInfo.InvariantCulture, $"jobs/s relative to {title}, {load}: {ratio:0.0}"),
                    ratio, worker => figures.Ratio(worker, name, figure)?.Median);
                AtLeast(
                    $"faster than {title} in every round, {load}: lowest ratio",
                    1, worker => figures.Ratio(worker, name, figure)?.Min);
            }
        }
        AtMost("p50 relative to hand-tuned: 1.2", 1.2, ToHandTuned(sample => sample.P50));
        AtMost("p99 relative to hand-tuned: 1.2", 1.2, ToHandTuned(sample => sample.P99));
        AtMost("CPU per job relative to hand-tuned, no output: 1.2", 1.2, ToHandTuned(sample => sample.Cpu));
        AtMost("CPU per job relative to hand-tuned, 3 lines: 1.2", 1.2, ToHandTuned(sample => sample.CpuWithOutput));
        Under(
            "memory after at least 20,000 jobs, MB: 70, native 30",
            70, 30, worker => figures.Of(worker, sample => sample.Warm / 1e6)?.Median);
        Under(
            "start to first completed job, ms: 350, native 60",
            350, 60, worker => figures.Of(worker, sample => sample.Start)?.Median);
        Under(
            "image, MB: 140, native 45",
            140, 45, worker => images.TryGetValue(worker, out var size) ? size : null);
        return text.ToString();

        Func<string, double?> ToHandTuned(Func<Sample, double?> figure) =>
            worker => figures.Ratio(worker, Figures.Reference, figure)?.Median;

        void AtLeast(string target, double min, Func<string, double?> figure) =>
            Row(target, figure, "0.00", (_, value) => value >= min);

        void AtMost(string target, double max, Func<string, double?> figure) =>
            Row(target, figure, "0.00", (_, value) => value <= max);

        void Under(string target, double jit, double aot, Func<string, double?> figure) =>
            Row(target, figure, "0", (worker, value) => value < (worker == "jit" ? jit : aot));

        void Row(string target, Func<string, double?> figure, string format, Func<string, double, bool> isReached)
        {
            text.Append("| ").Append(target);
            foreach (var worker in new[] { "jit", "aot" })
            {
                text.Append(" | ");
                if (figure(worker) is not { } value) continue;
                text.Append(value.ToString(format, CultureInfo.InvariantCulture));
                if (!isReached(worker, value)) text.Append(", **missed**");
            }
            text.AppendLine(" |");
        }
    }
}
