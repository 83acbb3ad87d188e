namespace ReWorker.Wire.Telemetry;

/// <summary>Makes untrusted text safe for a log or a terminal.</summary>
internal static class Printable
{
    /// <summary>Escapes line breaks, bidirectional controls, and other control characters except the tab.</summary>
    public static string OneLine(string text) => text.Any(IsUnsafe) ? string.Concat(text.Select(Escape)) : text;

    private static string Escape(char character) =>
        IsUnsafe(character) ? $"\\u{(int)character:x4}" : character.ToString();

    private static bool IsUnsafe(char character) =>
        (char.IsControl(character) && character is not '\t')
        || character is '\u061C' or '\u200E' or '\u200F' or '\u2028' or '\u2029'
        || character is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
