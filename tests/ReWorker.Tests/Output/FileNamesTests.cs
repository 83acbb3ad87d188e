using System.Text;
using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>Every correlation id has a file of its own, inside the directory.</summary>
public sealed class FileNamesTests
{
    [Theory]
    [InlineData(null, "(none).log")]
    [InlineData("", "(none).log")]
    [InlineData("(none)", "%28none%29.log")]
    [InlineData("a-Z_0.9", "a-Z_0.9.log")]
    [InlineData(".", "%2E.log")]
    [InlineData("..", "%2E..log")]
    [InlineData(".lock", "%2Elock.log")]
    [InlineData("../x", "%2E.%2Fx.log")]
    [InlineData("/etc/passwd", "%2Fetc%2Fpasswd.log")]
    [InlineData("a\\b", "a%5Cb.log")]
    [InlineData("~", "%7E.log")]
    [InlineData("%2E", "%252E.log")]
    [InlineData("a b\0", "a%20b%00.log")]
    [InlineData("é", "%C3%A9.log")]
    public void For_Id_EncodesWhatIsNotSafe(string? id, string expected) => Assert.Equal(expected, FileNames.For(id));

    [Theory]
    [InlineData(199)]
    [InlineData(200)]
    public void For_IdUpToTheLimit_IsTheWholeId(int length)
    {
        var id = new string('x', length);

        Assert.Equal($"{id}.log", FileNames.For(id));
    }

    [Fact]
    public void For_LongId_HasADigestOfTheWholeId()
    {
        var prefix = new string('x', 200);

        var (a, b) = (FileNames.For($"{prefix}a"), FileNames.For($"{prefix}b"));

        Assert.Matches(@"^x{100}\([0-9a-f]{64}\)\.log$", a);
        Assert.NotEqual(a, b);
        Assert.Equal(a, FileNames.For($"{prefix}a"));
    }

    [Fact]
    public void For_LongestId_FitsIntoAFileName()
    {
        // each of the 255 bytes becomes three characters
        var name = FileNames.For(string.Concat(Enumerable.Repeat("../", 85)));

        Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, 255);
        Assert.DoesNotContain('/', name);
    }
}
