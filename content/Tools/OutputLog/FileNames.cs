using System.Security.Cryptography;
using System.Text;

namespace ReWorker.Tools.OutputLog;

/// <summary>
/// A file name for a correlation id, whatever it holds. Letters, digits, dash, underscore and inner dots stay; other bytes
/// become <c>%XX</c>, so that no two ids share a file and none leaves the directory.
/// </summary>
internal static class FileNames
{
    private const int Most = 200;

    public static string For(string? correlationId)
    {
        // parentheses never come out of an encoded id
        if (string.IsNullOrEmpty(correlationId)) return "(none).log";
        var name = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetBytes(correlationId))
        {
            var isPlain = char.IsAsciiLetterOrDigit((char)one) || one is (byte)'-' or (byte)'_' || (one is (byte)'.' && name.Length > 0);
            if (isPlain) name.Append((char)one);
            else name.Append(System.Globalization.CultureInfo.InvariantCulture, $"%{one:X2}");
        }
        if (name.Length <= Most) return $"{name}.log";
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(correlationId)));
        return $"{name.ToString(0, 100)}({digest}).log";
    }
}
