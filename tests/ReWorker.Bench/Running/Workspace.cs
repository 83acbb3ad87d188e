namespace ReWorker.Bench.Running;

/// <summary>A temporary folder and the commands that clean up after the run.</summary>
internal sealed class Workspace : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reworker-bench-").FullName;
    private readonly Stack<string[]> _cleanups = [];

    /// <summary>A suffix for the names of the run's Docker objects.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N")[..8];

    public string At(params string[] path) => Path.Combine([_folder, .. path]);

    /// <summary>Registers a command that removes something. The last registered command runs first.</summary>
    public void RemoveWith(params string[] command) => _cleanups.Push(command);

    public async ValueTask DisposeAsync()
    {
        while (_cleanups.TryPop(out var command)) await Command.TryAsync(command[0], command[1..]);
        Directory.Delete(_folder, recursive: true);
    }
}
