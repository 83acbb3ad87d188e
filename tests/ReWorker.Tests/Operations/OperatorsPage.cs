using System.Globalization;
using System.Text.RegularExpressions;

namespace ReWorker.Tests.Operations;

/// <summary>The tables of docs/operating.md.</summary>
internal static partial class OperatorsPage
{
    internal sealed record Metric(string Name, string Type, IReadOnlyList<string> Labels);

    internal sealed record Message(int Id, string Level, string Text);

    public static string Text { get; } = File.ReadAllText(Repository.At("docs", "operating.md"));

    public static IReadOnlyList<Metric> Metrics =>
    [
        .. from row in MetricRow().Matches(Text)
           let labels = Code().Matches(row.Groups[3].Value).Select(label => label.Groups[1].Value).Order()
           select new Metric(row.Groups[1].Value, row.Groups[2].Value, [.. labels]),
    ];

    public static IReadOnlyList<Message> Messages =>
    [
        .. from row in MessageRow().Matches(Text)
           let id = int.Parse(row.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
           select new Message(id, row.Groups[2].Value, row.Groups[3].Value),
    ];

    [GeneratedRegex(@"^\| `(\w+)` \| (counter|gauge|histogram) \| \w* ?\| ([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex MessageRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
