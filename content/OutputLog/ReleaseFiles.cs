using System.Text;
using Microsoft.Extensions.Options;

namespace ReWorker.OutputLog;

/// <summary>
/// The log files: one a release, each line whole or not there at all. A file is open for one line, and locked for so long:
/// several output workers may share a directory, and whoever rotates the files finds none held open.
/// </summary>
internal sealed class ReleaseFiles(IOptions<OutputWorkerOptions> options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the operating system has the line: a process that is killed then loses nothing of it.</summary>
    /// <exception cref="IOException">It could not be written; the file is as it was.</exception>
    public void Append(string? correlationId, string text)
    {
        var directory = Directory.CreateDirectory(options.Value.Directory);
        using var file = Open(Path.Combine(directory.FullName, FileNames.Of(correlationId)));
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

    private static FileStream Open(string path)
    {
        for (var since = Environment.TickCount64; ; Thread.Sleep(1))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
            }
            catch (IOException) when (File.Exists(path) && Environment.TickCount64 - since < Patience.TotalMilliseconds)
            {
                // another output worker writes a line to it
            }
        }
    }
}
