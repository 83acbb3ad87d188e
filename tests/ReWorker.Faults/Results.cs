using System.Text.Json;

namespace ReWorker.Faults;

/// <summary>One run of one row, as it is stored.</summary>
internal sealed record Result(
    string Fault, string Broker, bool WithoutRemedy, bool IsClean, bool IsSkipped, string Text, int Jobs, int Copies,
    double? Recovery, DateTime At);

/// <summary>The results of all runs in this clone, so that a page can show several runs.</summary>
internal static class Results
{
    private static readonly Lock Gate = new();

    private static string File { get; } = Path.Combine(Repository.Root, "artifacts", "faults.jsonl");

    public static void Add(Verdict verdict, bool withoutRemedy)
    {
        var result = new Result(
            verdict.Fault.Name, verdict.Broker, withoutRemedy, verdict.IsClean, verdict.IsSkipped, verdict.Text,
            verdict.Jobs, verdict.Duplicates, verdict.Recovery, DateTime.UtcNow);
        lock (Gate)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            System.IO.File.AppendAllText(File, $"{JsonSerializer.Serialize(result)}\n");
        }
    }

    public static List<Result> Read() => System.IO.File.Exists(File)
        ? [.. System.IO.File.ReadLines(File).Select(line => JsonSerializer.Deserialize<Result>(line)!)]
        : [];
}
