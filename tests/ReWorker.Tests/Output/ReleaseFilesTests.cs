using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>Log files: what is appended, how many are open, and those that another process locks or replaces.</summary>
public sealed class ReleaseFilesTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("reworker-files-");
    private readonly string _directory;

    public ReleaseFilesTests() => _directory = Path.Combine(_root.FullName, "made", "by", "the-worker");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Append_Lines_WritesEachToItsFileAtOnce()
    {
        using var files = Open();

        files.Append("a", "one");
        files.Append("b", "é\nx");
        files.Append("a", "");
        files.Append(null, "nameless");

        Assert.Equal("one\n\n", Read("a.log"));
        Assert.Equal("é\nx\n", Read("b.log"));
        Assert.Equal("nameless\n", Read("(none).log"));
    }

    [Fact]
    public void Append_FileOfAnEarlierProcess_KeepsItsLines()
    {
        using (var earlier = Open()) earlier.Append("a", "a longer line");
        using var files = Open();

        files.Append("a", "two");

        Assert.Equal("a longer line\ntwo\n", Read("a.log"));
    }

    [Fact]
    public void Append_DirectoryLockedByAnother_ThrowsUntilItIsUnlocked()
    {
        using var first = Open();
        using var second = Open();

        first.Append("release", "one");
        var error = Assert.Throws<IOException>(() => second.Append("release", "two"));
        first.Append("another", "one");
        first.Dispose();
        second.Append("release", "two");

        Assert.Contains(".lock", error.Message, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", Read("release.log"));
    }

    /// <summary>As logrotate does: it renames the file and creates an empty one.</summary>
    [Fact]
    public void Append_FileReplaced_WritesToTheNewFile()
    {
        using var files = Open();
        var path = Path.Combine(_directory, "release.log");

        files.Append("release", "one");
        File.Move(path, $"{path}.1");
        File.Create(path).Dispose();
        files.Append("release", "two");
        files.Append("release", "three");

        Assert.Equal(("one\n", "two\nthree\n"), (Read("release.log.1"), Read("release.log")));
        Assert.Equal(["release.log"], OpenFiles());
    }

    [Fact]
    public void Append_FileDeleted_CreatesItAgain()
    {
        using var files = Open();

        files.Append("release", "one");
        File.Delete(Path.Combine(_directory, "release.log"));
        files.Append("release", "two");

        Assert.Equal("two\n", Read("release.log"));
    }

    /// <summary>As logrotate does with copytruncate.</summary>
    [Fact]
    public void Append_FileTruncated_WritesToItsStart()
    {
        using var files = Open();

        files.Append("release", "one");
        File.WriteAllText(Path.Combine(_directory, "release.log"), "");
        files.Append("release", "two");

        Assert.Equal("two\n", Read("release.log"));
    }

    [Fact]
    public void Append_DirectoryDeleted_CreatesAndLocksItAgain()
    {
        using var files = Open();
        using var other = Open();

        files.Append("release", "one");
        Directory.Delete(_directory, recursive: true);
        files.Append("release", "two");

        Assert.Equal("two\n", Read("release.log"));
        Assert.Throws<IOException>(() => other.Append("release", "three"));
    }

    [Fact]
    public void Append_LockWasLost_ThrowsWhileAnotherHasIt()
    {
        using var files = Open();
        using var other = Open();
        var path = Path.Combine(_directory, ".lock");

        files.Append("release", "one");
        Directory.Delete(_directory, recursive: true);
        Directory.CreateDirectory(path); // in the place of the lock's file
        Assert.ThrowsAny<Exception>(() => files.Append("release", "two"));
        Directory.Delete(path);
        other.Append("release", "another");

        Assert.Throws<IOException>(() => files.Append("release", "three"));
        Assert.Equal("another\n", Read("release.log"));
    }

    [Fact]
    public void Append_DirectoryCannotBeCreated_ThrowsUntilItCan()
    {
        using var files = Open();
        File.WriteAllText(Path.Combine(_root.FullName, "made"), "a file in its place");

        Assert.ThrowsAny<IOException>(() => files.Append("release", "one"));
        File.Delete(Path.Combine(_root.FullName, "made"));
        files.Append("release", "two");

        Assert.Equal("two\n", Read("release.log"));
    }

    [Theory]
    [InlineData(1, "c.log")]
    [InlineData(2, "a.log", "c.log")]
    [InlineData(3, "a.log", "b.log", "c.log")]
    public void Append_MoreFilesThanMayBeOpen_ClosesTheOneUnusedForLongest(int most, params string[] expected)
    {
        using var files = Open(most);

        foreach (var id in new[] { "a", "b", "a", "c" }) files.Append(id, id);
        Assert.Equal(expected, OpenFiles());
        foreach (var id in new[] { "a", "b", "c" }) files.Append(id, "again");

        Assert.Equal(
            ("a\na\nagain\n", "b\nagain\n", "c\nagain\n"), (Read("a.log"), Read("b.log"), Read("c.log")));
        Assert.Equal(most, OpenFiles().Length);
    }

    [Fact]
    public void Dispose_OpenFiles_ClosesThemAndUnlocksTheDirectory()
    {
        var files = Open();
        files.Append("a", "1");
        files.Append("b", "1");

        files.Dispose();

        Assert.Empty(OpenFiles());
        using var other = Open();
        other.Append("a", "2");
    }

    /// <summary>The file system takes the first bytes of the line, and then it is full.</summary>
    [Fact]
    public void Append_FullInTheMiddleOfALine_LeavesNoPartOfTheLine()
    {
        using var limit = FileSizeLimit.Set();
        using var files = Open();
        files.Append("release", "one");
        var path = Path.Combine(_directory, "release.log");
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(FileSizeLimit.Bytes - 3);

        Assert.ThrowsAny<Exception>(() => files.Append("release", "too long for what is left"));

        Assert.Equal(FileSizeLimit.Bytes - 3, new FileInfo(path).Length);
        files.Append("release", "ab");
        Assert.Equal(FileSizeLimit.Bytes, new FileInfo(path).Length);
    }

    private ReleaseFiles Open(int maxOpenFiles = 256) => new(Microsoft.Extensions.Options.Options.Create(
        new OutputWorkerOptions { Directory = _directory, MaxOpenFiles = maxOpenFiles }));

    private string Read(string name)
    {
        var path = Path.Combine(_directory, name);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    /// <summary>The files in the directory, without its lock, that this process has open.</summary>
    private string[] OpenFiles() =>
    [
        .. Directory.GetFiles("/proc/self/fd").Select(Target)
            .Where(file => Path.GetDirectoryName(file) == _directory && Path.GetFileName(file) is not ".lock")
            .Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal),
    ];

    private static string? Target(string handle)
    {
        try
        {
            return File.ResolveLinkTarget(handle, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            // closed meanwhile
            return null;
        }
    }
}
