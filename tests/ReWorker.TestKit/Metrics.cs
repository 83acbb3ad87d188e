using System.Globalization;
using System.Text.RegularExpressions;

namespace ReWorker.TestKit;

/// <summary>The samples that /metrics returned, parsed as Prometheus parses them.</summary>
public sealed partial class Metrics(IReadOnlyList<Metrics.Sample> samples, IReadOnlyDictionary<string, string> types)
{
    public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

    public IReadOnlyList<Sample> Samples => samples;

    /// <summary>Each metric's type (counter, gauge, histogram), by the name in its TYPE line.</summary>
    public IReadOnlyDictionary<string, string> Types => types;

    /// <summary>Sums the samples that have the given labels. An empty value requires the label to be absent.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) =>
        samples
            .Where(sample => sample.Name == name)
            .Where(sample => labels.All(given => sample.Labels.GetValueOrDefault(given.Label, "") == given.Value))
            .Sum(sample => sample.Value);

    public static Metrics Read(string text)
    {
        var (samples, types) = (new List<Sample>(), new Dictionary<string, string>());
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is ["#", "TYPE", var name, var type]) types[name] = type;
            if (line[0] == '#') continue;
            var match = Line().Match(line);
            if (!match.Success) throw new FormatException($"not a sample: {line}");
            var labels = Label().Matches(match.Groups["labels"].Value)
                .ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value);
            var value = double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture);
            samples.Add(new(match.Groups["name"].Value, labels, value));
        }
        return new(samples, types);
    }

    [GeneratedRegex(@"^(?<name>[A-Za-z_:][\w:]*)(\{(?<labels>.*)\})? (?<value>\S+)( \d+)?$")]
    private static partial Regex Line();

    [GeneratedRegex("""(\w+)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex Label();
}
