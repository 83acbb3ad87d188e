using System.Globalization;
using System.Text;

namespace ReWorker.Wire.Telemetry;

/// <summary>A stranger's text made harmless for a log or a terminal.</summary>
internal static class Printable
{
    private const int Most = 200;

    /// <summary>For a value in a log line: control characters escaped, at most 200 characters.</summary>
    public static string ForLog(string? text) => text switch
    {
        null => "(none)",
        { Length: > Most } => OneLine(text[..Most]) + "…",
        _ => OneLine(text),
    };

    /// <summary>As one line: no control character but the tab, nothing that turns the direction of writing.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (var one in text)
        {
            if (IsUnsafe(one)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)one:x4}");
            else line.Append(one);
        }
        return line.ToString();
    }

    private static bool IsUnsafe(char one) =>
        (char.IsControl(one) && one is not '\t')
        || one is '\u061C' or '\u200E' or '\u200F' or '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
