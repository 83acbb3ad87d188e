using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The median and the range of some figures.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    public static Spread? Of(IEnumerable<double?> figures)
    {
        var all = figures.OfType<double>().Where(double.IsFinite).Order().ToList();
        if (all.Count == 0) return null;
        var middle = all.Count / 2;
        var median = all.Count % 2 == 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
        return new Spread(median, all[0], all[^1]);
    }
}

/// <summary>The rounds of a run, by worker.</summary>
internal sealed class Figures(IReadOnlyList<Sample> samples)
{
    public const string Reference = "hand";

    public int Rounds { get; } = samples.Select(sample => sample.Round).Distinct().Count();

    public Spread? Of(string worker, Func<Sample, double?> figure) =>
        Spread.Of(samples.Where(sample => sample.Worker == worker).Select(figure));

    /// <summary>
    /// Compares two workers round by round, because what slows the machine down in a round slows both down.
    /// </summary>
    public Spread? Ratio(string worker, string reference, Func<Sample, double?> figure) =>
        Spread.Of(from sample in samples
                  where sample.Worker == worker
                  from other in samples
                  where other.Worker == reference && other.Round == sample.Round
                  select figure(sample) / figure(other));
}
