using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>Files that more than one process may want.</summary>
public sealed class ReleaseFilesTests
{
    [Fact]
    public void Append_ToTheDirectoryOfAnother_WaitsUntilThatHasEnded()
    {
        var directory = Directory.CreateTempSubdirectory("reworker-files-");
        var options = Microsoft.Extensions.Options.Options.Create(new OutputWorkerOptions { Directory = directory.FullName });
        using var first = new ReleaseFiles(options);
        using var second = new ReleaseFiles(options);

        first.Append("release", "one");
        var refusal = Assert.Throws<IOException>(() => second.Append("release", "two"));
        first.Append("another", "one");
        first.Dispose();
        second.Append("release", "two");

        Assert.Contains(".lock", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", File.ReadAllText(Path.Combine(directory.FullName, "release.log")));
        directory.Delete(recursive: true);
    }

    /// <summary>As logrotate does it: the old file gets another name, and an empty one takes its place.</summary>
    [Fact]
    public void Append_ToAFileThatWasReplaced_GoesIntoTheNewOne()
    {
        var directory = Directory.CreateTempSubdirectory("reworker-files-");
        using var files = new ReleaseFiles(Microsoft.Extensions.Options.Options.Create(new OutputWorkerOptions { Directory = directory.FullName }));
        var path = Path.Combine(directory.FullName, "release.log");

        files.Append("release", "one");
        File.Move(path, $"{path}.1");
        File.Create(path).Dispose();
        files.Append("release", "two");
        files.Append("release", "three");

        Assert.Equal(("one\n", "two\nthree\n"), (File.ReadAllText($"{path}.1"), File.ReadAllText(path)));
        directory.Delete(recursive: true);
    }
}
