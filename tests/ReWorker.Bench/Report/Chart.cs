using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>
/// Jobs per second as bars, each with a whisker for the range over the rounds. Readable on light and dark pages.
/// </summary>
internal static class Chart
{
    private const int Width = 860, LabelWidth = 230, BarHeight = 20, Pitch = 30, Top = 64, Gap = 50;
    private const string Ours = "#2f6fde", Reference = "#8a8f98", Peer = "#d98a3d";

    private static readonly (string Title, Func<Sample, double?> Figure)[] Panels =
    [
        ("jobs/s, no output", sample => sample.NoOutput),
        ("jobs/s, three lines of output per job", sample => sample.WithOutput),
    ];

    public static string Of(Figures figures, IReadOnlyList<Contestant> workers)
    {
        var height = Top + (Panels.Length * ((workers.Count * Pitch) + Gap)) - 10;
        var svg = new StringBuilder();
        Append(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" """);
        Append(svg, $"""font-family="system-ui, sans-serif" font-size="13" """);
        AppendLine(svg, $"""role="img" aria-label="Jobs per second of each worker">""");
        AppendLine(svg, $"""<rect width="100%" height="100%" rx="8" fill="#ffffff"/>""");
        Append(svg, $"""<text x="20" y="28" font-size="16" font-weight="600" fill="#1c1e21">""");
        AppendLine(svg, $"Everything confirmed before the ack: median and range of {figures.Rounds} rounds</text>");
        for (var panel = 0; panel < Panels.Length; panel++)
        {
            var top = Top + (panel * ((workers.Count * Pitch) + Gap));
            AppendPanel(svg, figures, workers, Panels[panel].Title, Panels[panel].Figure, top);
        }
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    private static void AppendPanel(
        StringBuilder svg, Figures figures, IReadOnlyList<Contestant> workers, string title,
        Func<Sample, double?> figure, int top)
    {
        var max = workers.Max(worker => figures.Of(worker.Name, figure)?.Max ?? 0);
        double X(double value) => LabelWidth + (value / max * (Width - LabelWidth - 90));
        AppendLine(svg, $"""<text x="20" y="{top - 8}" fill="#5b616b">{title}</text>""");
        for (var row = 0; row < workers.Count; row++)
        {
            var worker = workers[row];
            if (figures.Of(worker.Name, figure) is not { } spread) continue;
            var y = top + (row * Pitch);
            var middle = y + (BarHeight / 2);
            var weight = worker.IsOurs ? " font-weight=\"600\"" : "";
            var colour = worker.IsOurs ? Ours : worker.IsByHand ? Reference : Peer;
            var (left, right) = (X(spread.Min), X(spread.Max));
            Append(svg, $"""<text x="{LabelWidth - 10}" y="{middle + 5}" text-anchor="end" """);
            AppendLine(svg, $"""fill="#1c1e21"{weight}>{worker.Title}</text>""");
            Append(svg, $"""<rect x="{LabelWidth}" y="{y}" width="{X(spread.Median) - LabelWidth:0.0}" """);
            AppendLine(svg, $"""height="{BarHeight}" rx="3" fill="{colour}"/>""");
            Append(svg, $"""<path d="M{left:0.0} {middle}H{right:0.0}M{left:0.0} {middle - 4}v8""");
            AppendLine(svg, $"""M{right:0.0} {middle - 4}v8" stroke="#1c1e21" stroke-opacity=".6" fill="none"/>""");
            Append(svg, $"""<text x="{right + 8:0.0}" y="{middle + 5}" fill="#1c1e21">""");
            AppendLine(svg, $"{spread.Median:#,0}</text>");
        }
    }

    private static void Append(StringBuilder svg, FormattableString text) =>
        svg.Append(text.ToString(CultureInfo.InvariantCulture));

    private static void AppendLine(StringBuilder svg, FormattableString text) =>
        svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));
}
