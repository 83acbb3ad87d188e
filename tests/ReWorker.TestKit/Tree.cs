using System.Security.Cryptography;

namespace ReWorker.TestKit;

/// <summary>A folder's files as sorted lines, so that a failed comparison shows which files differ.</summary>
public static class Tree
{
    public static string[] Files(string folder) =>
    [
        .. Directory
            .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public static string[] Bytes(string folder) => Bytes(folder, Files(folder));

    /// <summary>One line per file: its path, <c>x</c> if the owner may execute it, and its content's hash.</summary>
    public static string[] Bytes(string folder, IEnumerable<string> files) =>
        [.. files.Select(file => $"{file} {Mode(Path.Combine(folder, file))} {Hash(Path.Combine(folder, file))}")];

    public static void Copy(string from, string to, IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            var target = Path.Combine(to, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(from, file), target);
        }
    }

    private static string Mode(string file) =>
        !OperatingSystem.IsWindows() && File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? "x" : "-";

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
