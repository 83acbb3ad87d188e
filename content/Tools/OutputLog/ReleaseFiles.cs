using System.Text;

namespace ReWorker.Tools.OutputLog;

/// <summary>The log files, one per release. A limited number is open. A line is written whole or not at all.</summary>
internal sealed class ReleaseFiles(IOptions<OutputWorkerOptions> options) : IDisposable
{
    private readonly Dictionary<string, LinkedListNode<(string Name, FileStream File)>> _open = [];
    private readonly LinkedList<(string Name, FileStream File)> _byLastUse = [];
    private readonly Lock _gate = new();
    private FileStream? _directoryLock;

    /// <summary>Returns once the operating system has the line, so killing the process does not lose it.</summary>
    /// <exception cref="IOException">The line could not be written; the file is unchanged.</exception>
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
            catch (IOException)
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
            while (_byLastUse.Last is { } node) Close(node);
            _directoryLock?.Dispose();
        }
    }

    private FileStream Open(string name)
    {
        if (_open.TryGetValue(name, out var node))
        {
            _byLastUse.Remove(node);
            _byLastUse.AddFirst(node);
            if (IsSameFile(node.Value.File)) return node.Value.File;
            Close(node);
        }
        while (_open.Count >= options.Value.MaxOpenFiles) Close(_byLastUse.Last!);
        var directory = Directory.CreateDirectory(options.Value.Directory).FullName;
        LockDirectory(directory);
        var path = Path.Combine(directory, name);
        const FileShare share = FileShare.ReadWrite | FileShare.Delete;
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, share, bufferSize: 0);
        _open[name] = _byLastUse.AddFirst((name, file));
        return file;
    }

    /// <summary>False if the file was moved, deleted or replaced, by logrotate for example.</summary>
    private static bool IsSameFile(FileStream file) =>
        new FileInfo(file.Name) is { Exists: true } onDisk && onDisk.Length == file.Length;

    /// <summary>Two output workers in one directory would overwrite each other's lines, so the second waits.</summary>
    /// <exception cref="IOException">Another process has locked the directory.</exception>
    private void LockDirectory(string directory)
    {
        var path = Path.Combine(directory, ".lock");
        if (_directoryLock is not null && File.Exists(path)) return;
        _directoryLock?.Dispose();
        _directoryLock = null;
        _directoryLock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
    }

    private void Close(LinkedListNode<(string Name, FileStream File)> node)
    {
        node.Value.File.Dispose();
        _open.Remove(node.Value.Name);
        _byLastUse.Remove(node);
    }
}
