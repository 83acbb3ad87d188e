using System.Security.Cryptography;
using System.Text;

namespace ReWorker.Tools.OutputLog;

/// <summary>
/// Turns any correlation id into a file name. Letters, digits, dashes, underscores and inner dots stay; other bytes
/// become <c>%XX</c>. So two ids never share a file, and no file is outside the directory.
/// </summary>
internal static class FileNames
{
    private const int MaxLength = 200;

    public static string For(string? correlationId)
    {
        // an encoded id never contains parentheses
        if (string.IsNullOrEmpty(correlationId)) return "(none).log";
        var name = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(correlationId))
        {
            var character = (char)value;
            var isInnerDot = character is '.' && name.Length > 0;
            if (char.IsAsciiLetterOrDigit(character) || character is '-' or '_' || isInnerDot) name.Append(character);
            else name.Append('%').Append(Convert.ToHexString([value]));
        }
        if (name.Length <= MaxLength) return $"{name}.log";
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(correlationId)));
        return $"{name.ToString(0, 100)}({digest}).log";
    }
}
