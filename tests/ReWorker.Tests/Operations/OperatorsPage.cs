using System.Text.RegularExpressions;

namespace ReWorker.Tests.Operations;

/// <summary>The tables of docs/operating.md.</summary>
internal static partial class OperatorsPage
{
    internal sealed record Metric(string Name, string Type, IReadOnlyList<string> Labels);

    internal sealed record Message(int Id, string Level, string Text);

    public static string Text { get; } = File.ReadAllText(Find("docs", "operating.md"));

    public static IReadOnlyList<Metric> Metrics =>
        [.. MetricRow().Matches(Text).Select(one => new Metric(one.Groups[1].Value, one.Groups[2].Value, [.. Code().Matches(one.Groups[3].Value).Select(label => label.Groups[1].Value).Order()]))];

    public static IReadOnlyList<Message> Messages =>
        [.. MessageRow().Matches(Text).Select(one => new Message(int.Parse(one.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), one.Groups[2].Value, one.Groups[3].Value))];

    /// <summary>A file of the clone.</summary>
    public static string Find(params string[] path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine([folder.FullName, .. path]) is var file && File.Exists(file)) return file;
        throw new FileNotFoundException(Path.Combine(path));
    }

    [GeneratedRegex(@"^\| `(\w+)` \| (counter|gauge|histogram) \| \w* ?\| ([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex MessageRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
