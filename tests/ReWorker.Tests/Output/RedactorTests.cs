using System.Diagnostics;
using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>A line that a pattern matches is never written, and no other line is changed.</summary>
public sealed class RedactorTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("my password", "[redacted]")]
    [InlineData("secret: x", "[redacted]")]
    [InlineData("no secret: x", "no secret: x")]
    [InlineData("one\nsecret: x\nthree", "one\n[redacted]\nthree")]
    [InlineData("one\r\nsecret: x\r\nthree\r\n", "one\r\n[redacted]\nthree\r\n")]
    [InlineData("", "")]
    [InlineData("\n", "\n")]
    public void Redact_Lines_ReplacesThoseThatMatch(string message, string expected) =>
        Assert.Equal(expected, Create("password", "^secret: .*x$").Redact(message));

    [Fact]
    public void Redact_NoPatterns_ChangesNothing() => Assert.Equal("a\r\nb\n", Create().Redact("a\r\nb\n"));

    [Fact]
    public void Redact_MatchTakesTooLong_RedactsTheLine()
    {
        var redactor = Create("^(a+)+$", "never");
        var startedAt = Stopwatch.GetTimestamp();

        Assert.Equal("[redacted]\nshort", redactor.Redact($"{new string('a', 40)}!\nshort"));

        // the lines behind it wait
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("(?i)TITLE", "title", "[redacted]")]
    [InlineData("TITLE", "title", "title")]
    public void Redact_Case_CountsUnlessThePatternSaysOtherwise(string pattern, string line, string expected) =>
        Assert.Equal(expected, Create(pattern).Redact(line));

    private static Redactor Create(params string[] patterns) =>
        new(Microsoft.Extensions.Options.Options.Create(new OutputWorkerOptions { Redactions = patterns }));
}
