using System.Globalization;
using System.Text;

namespace ReWorker.Faults;

/// <summary>Memory, threads and handles of three workers over time, and the faults, as SVG.</summary>
internal static class Chart
{
    private const int Width = 960, Height = 150, Left = 60, Gap = 40;
    private static readonly string[] Colours = ["#4e79a7", "#f28e2b", "#59a14f"];

    public static string Draw(
        List<(TimeSpan At, int Worker, Resources Is)> samples, List<(TimeSpan At, TimeSpan End, string What)> faults,
        TimeSpan length)
    {
        (string Name, Func<Resources, double> Value)[] rows =
        [
            ("memory, MiB", one => one.Memory >> 20), ("threads", one => one.Threads), ("handles", one => one.Handles),
        ];
        var svg = new StringBuilder();
        var height = (Height + Gap) * rows.Length;
        Line($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width + Left + 20} {height + 30}"
              font-family="sans-serif" font-size="12">
            """);
        Line($"""<rect width="100%" height="100%" fill="white"/>""");
        double X(TimeSpan at) => Left + (at / length * Width);
        for (var row = 0; row < rows.Length; row++)
        {
            var top = 24 + (row * (Height + Gap));
            var most = samples.Max(one => rows[row].Value(one.Is)) * 1.15;
            double Y(double value) => top + Height - (value / most * Height);
            Line($"""<text x="{Left}" y="{top - 6}">{rows[row].Name}</text>""");
            Line($"""<path d="M{Left} {top}V{top + Height}H{Left + Width}" fill="none" stroke="#888"/>""");
            foreach (var y in new[] { most / 2, most })
                Line($"""<text x="{Left - 6}" y="{Y(y) + 4:0}" text-anchor="end" fill="#666">{y:0}</text>""");
            foreach (var (at, _, what) in faults)
            {
                var path = $"M{Point(X(at), top)}v{Height}";
                Line($"""<path d="{path}" stroke="#d62728" stroke-opacity=".35"><title>{what}</title></path>""");
            }
            foreach (var worker in samples.GroupBy(one => one.Worker))
            {
                var points = string.Join(' ', worker.Select(one => Point(X(one.At), Y(rows[row].Value(one.Is)))));
                var colour = Colours[worker.Key];
                Line($"""<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>""");
            }
        }
        var caption = $"{length.TotalMinutes:0} minutes, three workers; red: a fault";
        Line($"""<text x="{Left + Width}" y="{height + 16}" text-anchor="end" fill="#666">{caption}</text>""");
        Line($"</svg>");
        return svg.ToString();

        void Line(FormattableString text) => svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));

        static string Point(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{x:0.0},{y:0.0}");
    }
}
