using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;

namespace ReWorker.Tests.Output;

/// <summary>An output worker with its own directory and queue.</summary>
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

    public static Task<OutputHost> StartAsync(
        PikaBus bus, CancellationToken cancel, params (string, string)[] settings) =>
        StartOnAsync(TimeProvider.System, bus, settings, cancel);

    public static Task<OutputHost> StartAsync(
        PikaBus bus, FakeTimeProvider time, CancellationToken cancel, params (string, string)[] settings) =>
        StartOnAsync(time, bus, [.. VirtualTime.LongTimeouts, .. settings], cancel);

    /// <summary>The names of the log files.</summary>
    public string[] Files => System.IO.Directory.Exists(Directory)
        ? [.. System.IO.Directory.GetFiles(Directory, "*.log").Select(Path.GetFileName).Order(StringComparer.Ordinal)!]
        : [];

    /// <summary>The number of lines in all files.</summary>
    public int Lines => Files.Sum(file => Read(file).Count(character => character == '\n'));

    public string Read(string file) => ReadWhileOpen(Path.Combine(Directory, file));

    /// <summary>Everything next to the output directory, where the worker must write nothing.</summary>
    public string[] Outside =>
        [.. System.IO.Directory.GetFileSystemEntries(_root.FullName).Where(entry => entry != Directory)];

    private static async Task<OutputHost> StartOnAsync(
        TimeProvider time, PikaBus bus, (string, string)[] settings, CancellationToken cancel)
    {
        var root = System.IO.Directory.CreateTempSubdirectory("reworker-output-");
        var directory = Path.Combine(root.FullName, "out");
        var worker = await RunningWorker.StartAsync(bus, host =>
        {
            host.Services.AddSingleton(time);
            OutputWorker.Add(host);
        }, cancel, [("OutputWorker:Directory", directory), .. settings]);
        return new OutputHost(root, "out") { Worker = worker };
    }

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
