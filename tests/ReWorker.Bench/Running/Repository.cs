using System.Runtime.CompilerServices;

namespace ReWorker.Bench.Running;

/// <summary>The clone that the program belongs to.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "..", "..", ".."));

    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
