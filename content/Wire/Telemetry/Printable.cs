using System.Globalization;
using System.Text;

namespace ReWorker.Wire.Telemetry;

/// <summary>Makes untrusted text safe for a log or a terminal.</summary>
internal static class Printable
{
    private const int MaxLength = 200;

    /// <summary>On one line, at most 200 characters.</summary>
    public static string ForLog(string? text) => text switch
    {
        null => "(none)",
        { Length: > MaxLength } => OneLine(text[..MaxLength]) + "…",
        _ => OneLine(text),
    };

    /// <summary>Escapes line breaks, bidirectional controls, and other control characters except the tab.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            if (IsUnsafe(character)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else line.Append(character);
        }
        return line.ToString();
    }

    private static bool IsUnsafe(char character) =>
        (char.IsControl(character) && character is not '\t')
        || character is '\u061C' or '\u200E' or '\u200F' or '\u2028' or '\u2029'
        || character is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
