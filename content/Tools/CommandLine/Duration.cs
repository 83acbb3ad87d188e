using System.Globalization;

namespace ReWorker.Tools.CommandLine;

/// <summary>Durations as people write them: <c>30s</c>, <c>500ms</c>, <c>5m</c>, <c>1h</c>, <c>00:00:30</c>, or seconds.</summary>
internal static class Duration
{
    public const string Allowed = "500ms, 30s, 5m, 1h, 00:00:30";

    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];

    public static TimeSpan? TryParse(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero && span.TotalDays <= 24 ? span : null;
        foreach (var (unit, seconds) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (!double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)) continue;
            // timers know no more than 24 days
            return count * seconds is > 0 and <= 24 * 86_400 ? TimeSpan.FromSeconds(count * seconds) : null;
        }
        return null;
    }
}
