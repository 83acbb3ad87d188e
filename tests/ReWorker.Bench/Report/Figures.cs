using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>The median and the range of some figures.</summary>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    public static Spread? Of(IEnumerable<double?> figures)
    {
        var all = figures.OfType<double>().Where(double.IsFinite).Order().ToList();
        if (all.Count == 0) return null;
        var middle = all.Count / 2;
        return new Spread(all.Count % 2 == 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2, all[0], all[^1]);
    }
}

/// <summary>The rounds of a run, by worker.</summary>
internal sealed class Figures(IReadOnlyList<Sample> samples)
{
    public const string Reference = "hand";

    public int Rounds { get; } = samples.Select(one => one.Round).Distinct().Count();

    public bool Has(string worker) => samples.Any(one => one.Worker == worker);

    public Spread? Of(string worker, Func<Sample, double?> figure) => Spread.Of(samples.Where(one => one.Worker == worker).Select(figure));

    /// <summary>Round by round against another worker: what slowed the machine in a round slowed both.</summary>
    public Spread? Ratio(string worker, string to, Func<Sample, double?> figure) =>
        Spread.Of(from one in samples
                  where one.Worker == worker
                  from other in samples
                  where other.Worker == to && other.Round == one.Round
                  select figure(one) / figure(other));
}
