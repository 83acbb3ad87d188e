namespace ReWorker.Tools.OutputLog;

/// <summary>The log files, one per release. A limited number is open. A line is written whole or not at all.</summary>
internal sealed class ReleaseFiles(IOptions<OutputWorkerOptions> options) : IDisposable
{
    private readonly Dictionary<string, (FileStream File, long LastUse)> _open = [];
    private readonly Lock _gate = new();
    private FileStream? _directoryLock;
    private long _uses;

    /// <summary>Returns once the operating system has the line, so killing the process does not lose it.</summary>
    /// <exception cref="Exception">The line could not be written; the file is unchanged.</exception>
    public void Append(string? correlationId, string text)
    {
        lock (_gate)
        {
            var file = Open(FileNames.For(correlationId));
            var end = file.Length;
            try
            {
                file.Position = end;
                file.Write(Encoding.UTF8.GetBytes(text + "\n"));
            }
            catch (Exception) // at its size limit, a file throws something other than an IOException
            {
                file.SetLength(end);
                throw;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var name in _open.Keys) Close(name);
            _directoryLock?.Dispose();
        }
    }

    private FileStream Open(string name)
    {
        if (!_open.TryGetValue(name, out var open) || !IsSameFile(open.File))
        {
            Close(name);
            if (_open.Count >= options.Value.MaxOpenFiles) Close(_open.MinBy(other => other.Value.LastUse).Key);
            open.File = Create(name);
        }
        _open[name] = (open.File, ++_uses);
        return open.File;
    }

    /// <summary>False if the file was moved, deleted or replaced, by logrotate for example.</summary>
    private static bool IsSameFile(FileStream file) =>
        new FileInfo(file.Name) is { Exists: true } onDisk && onDisk.Length == file.Length;

    private FileStream Create(string name)
    {
        var directory = Directory.CreateDirectory(options.Value.Directory).FullName;
        LockDirectory(Path.Combine(directory, ".lock"));
        const FileShare share = FileShare.ReadWrite | FileShare.Delete;
        var path = Path.Combine(directory, name);
        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, share, bufferSize: 0);
    }

    /// <summary>Two output workers in one directory would overwrite each other's lines, so the second waits.</summary>
    /// <exception cref="IOException">Another process has locked the directory.</exception>
    private void LockDirectory(string path)
    {
        if (_directoryLock is not null && File.Exists(path)) return;
        _directoryLock?.Dispose();
        _directoryLock = null;
        _directoryLock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
    }

    private void Close(string name)
    {
        if (_open.Remove(name, out var open)) open.File.Dispose();
    }
}
