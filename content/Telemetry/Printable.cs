using System.Globalization;
using System.Text;

namespace ReWorker.Telemetry;

/// <summary>A stranger's text as one harmless line: what would move, hide or turn the text after it is escaped.</summary>
internal static class Printable
{
    private const int Most = 200;

    /// <summary>At most 200 characters, for use within a sentence.</summary>
    public static string Of(string? text)
    {
        if (text is null) return "(none)";
        if (text.Length <= Most) return Line(text);
        return $"{Line(text[..(char.IsHighSurrogate(text[Most - 1]) ? Most - 1 : Most)])}…";
    }

    /// <summary>All of it.</summary>
    public static string Line(string text)
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

    private static bool IsUnsafe(char one) => !char.IsBetween(one, ' ', '~') && char.GetUnicodeCategory(one)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
