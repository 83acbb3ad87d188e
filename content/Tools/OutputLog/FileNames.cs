using System.Security.Cryptography;

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
        var name = Uri.EscapeDataString(correlationId).Replace("~", "%7E", StringComparison.Ordinal);
        if (name.StartsWith('.')) name = $"%2E{name[1..]}";
        if (name.Length <= MaxLength) return $"{name}.log";
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(correlationId)));
        return $"{name[..100]}({digest}).log";
    }
}
