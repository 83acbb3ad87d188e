using System.Text;
using Microsoft.Extensions.Options;

namespace ReWorker.Tools.OutputLog;

/// <summary>The log files: one a release, a bounded number of them open, each line whole or not there at all.</summary>
internal sealed class ReleaseFiles(IOptions<OutputWorkerOptions> options) : IDisposable
{
    private readonly Dictionary<string, LinkedListNode<(string Name, FileStream File)>> _open = [];
    private readonly LinkedList<(string Name, FileStream File)> _byUse = [];
    private readonly Lock _gate = new();
    private FileStream? _owned;

    /// <summary>Returns when the operating system has the line: a process that is killed then loses nothing of it.</summary>
    /// <exception cref="IOException">It could not be written; the file is as it was.</exception>
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
            foreach (var (_, file) in _byUse) file.Dispose();
            _byUse.Clear();
            _open.Clear();
            _owned?.Dispose();
        }
    }

    private FileStream Open(string name)
    {
        if (_open.TryGetValue(name, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            // somebody may have moved or deleted it, or put another in its place: then it is opened anew
            if (new FileInfo(node.Value.File.Name) is { Exists: true } there && there.Length == node.Value.File.Length) return node.Value.File;
            Close(node);
        }
        while (_open.Count >= options.Value.MaxOpenFiles) Close(_byUse.Last!);
        var directory = Directory.CreateDirectory(options.Value.Directory);
        Own(Path.Combine(directory.FullName, ".lock"));
        var file = new FileStream(Path.Combine(directory.FullName, name), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _open[name] = _byUse.AddFirst((name, file));
        return file;
    }

    /// <summary>Two output workers in one directory would overwrite each other's lines: the second waits until the first has ended.</summary>
    /// <exception cref="IOException">Another process has the directory.</exception>
    private void Own(string path)
    {
        if (_owned is not null && File.Exists(path)) return;
        _owned?.Dispose();
        _owned = null;
        _owned = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
    }

    private void Close(LinkedListNode<(string Name, FileStream File)> node)
    {
        node.Value.File.Dispose();
        _open.Remove(node.Value.Name);
        _byUse.Remove(node);
    }
}
