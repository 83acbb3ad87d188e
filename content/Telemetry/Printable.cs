using System.Globalization;
using System.Text;

namespace ReWorker.Telemetry;

/// <summary>A stranger's text made harmless for a log or a terminal.</summary>
internal static class Printable
{
    private const int Most = 200;

    /// <summary>For a value in a log line: control characters escaped, at most 200 characters.</summary>
    public static string Of(string? text) => text switch
    {
        null => "(none)",
        { Length: > Most } => Line(text[..Most]) + "…",
        _ => Line(text),
    };

    /// <summary>As one line: control characters escaped.</summary>
    public static string Line(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var line = new StringBuilder();
        foreach (var one in text)
        {
            if (char.IsControl(one)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)one:x4}");
            else line.Append(one);
        }
        return line.ToString();
    }
}
