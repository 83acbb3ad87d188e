using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>Untrusted text has no character that can break a line, reorder it or steer a terminal.</summary>
public sealed class PrintableTests
{
    /// <summary>First and last of each range that is escaped.</summary>
    private static readonly (char First, char Last)[] Unsafe =
    [
        ('\u0000', '\u0008'), ('\u000A', '\u001F'), ('\u007F', '\u009F'), ('\u061C', '\u061C'), ('\u200E', '\u200F'),
        ('\u2028', '\u202E'), ('\u2066', '\u2069'),
    ];

    [Fact]
    public void OneLine_EachCharacter_IsEscapedExactlyIfItIsUnsafe()
    {
        for (var i = 0; i <= char.MaxValue; i++)
        {
            var character = (char)i;
            var isUnsafe = Unsafe.Any(range => character >= range.First && character <= range.Last);
            var expected = isUnsafe ? $"a\\u{i:x4}b" : $"a{character}b";
            Assert.True(Printable.OneLine($"a{character}b") == expected, $"U+{i:X4}");
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a\tb", "a\tb")]
    [InlineData("\r\n", "\\u000d\\u000a")]
    [InlineData("ü😀\u001b[31m", "ü😀\\u001b[31m")]
    public void OneLine_Text_KeepsWhatIsSafe(string text, string expected) =>
        Assert.Equal(expected, Printable.OneLine(text));

    [Fact]
    public void OneLine_SafeText_IsNotCopied()
    {
        var text = new string('x', 10);

        Assert.Same(text, Printable.OneLine(text));
    }

    [Theory]
    [InlineData(199, false)]
    [InlineData(200, false)]
    [InlineData(201, true)]
    public void Untrusted_LongText_IsCutTo200(int length, bool isCut)
    {
        Untrusted text = new string('x', length);

        Assert.Equal(isCut ? new string('x', 200) + "…" : text.Text, $"{text}");
    }

    [Fact]
    public void Untrusted_Value_IsEscaped()
    {
        Assert.Equal("(none)", new Untrusted(null).ToString());
        Assert.Equal("", new Untrusted("").ToString());
        Assert.Equal("a\\u000ab", new Untrusted("a\nb").ToString());
        Assert.Equal($"\\u000a{new string('x', 199)}…", new Untrusted("\n" + new string('x', 200)).ToString());
    }
}
