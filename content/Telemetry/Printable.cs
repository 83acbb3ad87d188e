using System.Text;

namespace ReWorker.Telemetry;

/// <summary>A stranger's text as one harmless line: control characters escaped, at most 200 characters.</summary>
internal static class Printable
{
    private const int Most = 200;

    public static string Of(string? text)
    {
        if (text is null) return "(none)";
        if (text.Length <= Most && !text.Any(char.IsControl)) return text;
        var line = new StringBuilder();
        foreach (var one in text.Take(Most))
        {
            if (char.IsControl(one)) line.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)one:x4}");
            else line.Append(one);
        }
        return text.Length > Most ? line.Append('…').ToString() : line.ToString();
    }
}
