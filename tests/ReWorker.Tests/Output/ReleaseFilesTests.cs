using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>Log files that another process locks or replaces.</summary>
public sealed class ReleaseFilesTests
{
    [Fact]
    public void Append_DirectoryLockedByAnother_ThrowsUntilItIsUnlocked()
    {
        var directory = Directory.CreateTempSubdirectory("reworker-files-");
        using var first = Open(directory);
        using var second = Open(directory);

        first.Append("release", "one");
        var error = Assert.Throws<IOException>(() => second.Append("release", "two"));
        first.Append("another", "one");
        first.Dispose();
        second.Append("release", "two");

        Assert.Contains(".lock", error.Message, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", File.ReadAllText(Path.Combine(directory.FullName, "release.log")));
        directory.Delete(recursive: true);
    }

    /// <summary>As logrotate does: it renames the file and creates an empty one.</summary>
    [Fact]
    public void Append_FileReplaced_WritesToTheNewFile()
    {
        var directory = Directory.CreateTempSubdirectory("reworker-files-");
        using var files = Open(directory);
        var path = Path.Combine(directory.FullName, "release.log");

        files.Append("release", "one");
        File.Move(path, $"{path}.1");
        File.Create(path).Dispose();
        files.Append("release", "two");
        files.Append("release", "three");

        Assert.Equal(("one\n", "two\nthree\n"), (File.ReadAllText($"{path}.1"), File.ReadAllText(path)));
        directory.Delete(recursive: true);
    }

    private static ReleaseFiles Open(DirectoryInfo directory) =>
        new(Microsoft.Extensions.Options.Options.Create(new OutputWorkerOptions { Directory = directory.FullName }));
}
