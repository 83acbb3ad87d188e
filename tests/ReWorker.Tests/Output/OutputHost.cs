using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;

namespace ReWorker.Tests.Output;

/// <summary>The output worker with a directory, and a queue, of its own.</summary>
internal sealed class OutputHost : IAsyncDisposable
{
    private readonly DirectoryInfo _root;

    private OutputHost(DirectoryInfo root, string name)
    {
        _root = root;
        Directory = Path.Combine(root.FullName, name);
    }

    public string Directory { get; }

    public required RunningWorker Worker { get; init; }

    public static async Task<OutputHost> StartAsync(PikaBus bus, CancellationToken cancel, params (string, string)[] settings)
    {
        var root = System.IO.Directory.CreateTempSubdirectory("reworker-output-");
        var directory = Path.Combine(root.FullName, "out");
        var worker = await RunningWorker.StartAsync(bus, OutputWorker.Add, cancel, [("OutputWorker:Directory", directory), .. settings]);
        return new OutputHost(root, "out") { Worker = worker };
    }

    public string[] Files => System.IO.Directory.Exists(Directory) ? [.. System.IO.Directory.GetFiles(Directory, "*.log").Select(Path.GetFileName).Order(StringComparer.Ordinal)!] : [];

    /// <summary>How many lines all the files have.</summary>
    public int Lines => Files.Sum(file => Read(file).Count(one => one == '\n'));

    public string Read(string file) => ReadWhileOpen(Path.Combine(Directory, file));

    /// <summary>Everything below the directory that encloses the output's: nothing may be beside it.</summary>
    public string[] Outside => [.. System.IO.Directory.GetFileSystemEntries(_root.FullName).Where(one => one != Directory)];

    private static string ReadWhileOpen(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        await Worker.DisposeAsync();
        _root.Delete(recursive: true);
    }
}
