using System.Globalization;
using System.Text;

namespace ReWorker.Faults;

/// <summary>Memory, threads and handles of three workers over time, and the faults, as SVG.</summary>
internal static class Chart
{
    private const int Width = 960, Height = 150, Left = 60, Gap = 40;
    private static readonly string[] Colours = ["#4e79a7", "#f28e2b", "#59a14f"];

    public static string Of(List<(TimeSpan At, int Worker, Resources Is)> samples, List<(TimeSpan At, TimeSpan End, string What)> faults, TimeSpan length)
    {
        (string Name, Func<Resources, double> Of)[] rows = [("memory, MiB", one => one.Memory >> 20), ("threads", one => one.Threads), ("handles", one => one.Handles)];
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width + Left + 20} {(Height + Gap) * rows.Length + 30}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        double X(TimeSpan at) => Left + (at / length * Width);
        for (var row = 0; row < rows.Length; row++)
        {
            var top = 24 + (row * (Height + Gap));
            var most = samples.Max(one => rows[row].Of(one.Is)) * 1.15;
            double Y(double value) => top + Height - (value / most * Height);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top - 6}\">{rows[row].Name}</text>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {top}V{top + Height}H{Left + Width}\" fill=\"none\" stroke=\"#888\"/>");
            foreach (var part in new[] { 0.5, 1.0 })
                svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(most * part) + 4:0}\" text-anchor=\"end\" fill=\"#666\">{most * part:0}</text>");
            foreach (var (at, _, what) in faults)
                svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{X(at):0.0} {top}v{Height}\" stroke=\"#d62728\" stroke-opacity=\".35\"><title>{what}</title></path>");
            foreach (var worker in samples.GroupBy(one => one.Worker))
                svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{Colours[worker.Key]}\" stroke-width=\"1.5\" points=\"{string.Join(' ', worker.Select(one => string.Create(CultureInfo.InvariantCulture, $"{X(one.At):0.0},{Y(rows[row].Of(one.Is)):0.0}")))}\"/>");
        }
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left + Width}\" y=\"{((Height + Gap) * rows.Length) + 16}\" text-anchor=\"end\" fill=\"#666\">{length.TotalMinutes:0} minutes, three workers; red: a fault</text>");
        svg.AppendLine("</svg>");
        return svg.ToString();
    }
}
