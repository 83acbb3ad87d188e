using System.Globalization;
using System.Text.RegularExpressions;

namespace ReWorker.TestKit;

/// <summary>What /metrics says, read as Prometheus reads it.</summary>
public sealed partial class Metrics(IReadOnlyList<Metrics.Sample> samples, IReadOnlyDictionary<string, string> types)
{
    public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

    public IReadOnlyList<Sample> Samples => samples;

    /// <summary>By the name that stands in the line that tells the type: counter, gauge, histogram.</summary>
    public IReadOnlyDictionary<string, string> Types => types;

    /// <summary>The sum over all labels but those given; a label given as empty must be absent.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) =>
        samples
            .Where(one => one.Name == name)
            .Where(one => labels.All(given => one.Labels.GetValueOrDefault(given.Label, "") == given.Value))
            .Sum(one => one.Value);

    public static Metrics Read(string text)
    {
        var (samples, types) = (new List<Sample>(), new Dictionary<string, string>());
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is ["#", "TYPE", var name, var type]) types[name] = type;
            if (line[0] == '#') continue;
            var match = Line().Match(line);
            if (!match.Success) throw new FormatException($"no metric: {line}");
            var labels = Label().Matches(match.Groups["labels"].Value)
                .ToDictionary(one => one.Groups[1].Value, one => one.Groups[2].Value);
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
