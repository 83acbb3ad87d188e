using System.Globalization;
using System.Text;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Report;

/// <summary>Jobs a second as bars, with a whisker for the range over the rounds; reads well on a light page and on a dark one.</summary>
internal static class Chart
{
    private const int Width = 860, LabelWidth = 230, BarHeight = 20, Pitch = 30, Top = 64, Gap = 50;
    private const string Ours = "#2f6fde", Reference = "#8a8f98", Peer = "#d98a3d";

    public static string Of(Figures figures, IReadOnlyList<Contestant> workers)
    {
        (string Title, Func<Sample, double?> Figure)[] panels = [("jobs/s, no output", one => one.Bare), ("jobs/s, three lines of output a job", one => one.Talking)];
        var height = Top + (panels.Length * ((workers.Count * Pitch) + Gap)) - 10;
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Jobs a second of each worker">""");
        svg.AppendLine("""<rect width="100%" height="100%" rx="8" fill="#ffffff"/>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="20" y="28" font-size="16" font-weight="600" fill="#1c1e21">Everything confirmed before the ack: the median of {figures.Rounds} rounds, and their range</text>""");
        for (var panel = 0; panel < panels.Length; panel++)
            Panel(svg, figures, workers, panels[panel].Title, panels[panel].Figure, Top + (panel * ((workers.Count * Pitch) + Gap)));
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    private static void Panel(StringBuilder svg, Figures figures, IReadOnlyList<Contestant> workers, string title, Func<Sample, double?> figure, int top)
    {
        var most = workers.Max(one => figures.Of(one.Name, figure)?.Most ?? 0);
        double X(double value) => LabelWidth + (value / most * (Width - LabelWidth - 90));
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="20" y="{top - 8}" fill="#5b616b">{title}</text>""");
        for (var at = 0; at < workers.Count; at++)
        {
            if (figures.Of(workers[at].Name, figure) is not { } spread) continue;
            var (y, middle) = (top + (at * Pitch), top + (at * Pitch) + (BarHeight / 2));
            var colour = workers[at].IsOurs ? Ours : workers[at].IsByHand ? Reference : Peer;
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{LabelWidth - 10}" y="{middle + 5}" text-anchor="end" fill="#1c1e21"{(workers[at].IsOurs ? " font-weight=\"600\"" : "")}>{workers[at].Title}</text>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect x="{LabelWidth}" y="{y}" width="{X(spread.Median) - LabelWidth:0.0}" height="{BarHeight}" rx="3" fill="{colour}"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<path d="M{X(spread.Least):0.0} {middle}H{X(spread.Most):0.0}M{X(spread.Least):0.0} {middle - 4}v8M{X(spread.Most):0.0} {middle - 4}v8" stroke="#1c1e21" stroke-opacity=".6" fill="none"/>""");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Math.Max(X(spread.Most), X(spread.Median)) + 8:0.0}" y="{middle + 5}" fill="#1c1e21">{spread.Median:#,0}</text>""");
        }
    }
}
