using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.Hosting;

/// <summary>A log record in a terminal: its level, its source, and one line that nothing in it can break.</summary>
public sealed class TerminalFormatterTests
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    [Theory]
    [InlineData(LogLevel.Trace, "trace")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info ")]
    [InlineData(LogLevel.Warning, "WARN ")]
    [InlineData(LogLevel.Error, "ERROR")]
    [InlineData(LogLevel.Critical, "FATAL")]
    public void Write_Level_HasItsName(LogLevel level, string name) =>
        Assert.Equal($"03:04:05.678 {name} Worker: text\n", Format(level, "My.Own.Worker", "text"));

    [Theory]
    [InlineData("Worker", "Worker")]
    [InlineData("A.B.C", "C")]
    [InlineData("", "")]
    public void Write_Category_IsItsLastPart(string category, string source) =>
        Assert.Equal($"03:04:05.678 info  {source}: text\n", Format(LogLevel.Information, category, "text"));

    [Fact]
    public void Write_TimeZone_IsTheLocalOne()
    {
        _time.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(2), "test", "test"));

        Assert.StartsWith("05:04:05.678 ", Format(LogLevel.Information, "A", "text"), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ControlCharacters_AreEscaped() =>
        Assert.Equal(
            "03:04:05.678 info  A: a\\u000ab\\u001b[31m\n", Format(LogLevel.Information, "A", "a\nb\u001b[31m"));

    [Fact]
    public void Write_Exception_FollowsIndentedAndEscaped()
    {
        var text = Format(LogLevel.Error, "A", "text", exception: new InvalidOperationException("one\r\n\u001btwo"));

        Assert.Equal(
            "03:04:05.678 ERROR A: text\n    System.InvalidOperationException: one\n    \\u001btwo\n", text);
    }

    [Theory]
    [InlineData(11, Host, false)]
    [InlineData(12, Host, true)]
    [InlineData(11, "Microsoft.Other", true)]
    public void Write_HostFailedToStart_IsLeftToTheCommandLine(int id, string category, bool isWritten) =>
        Assert.Equal(isWritten, Format(LogLevel.Error, category, "text", id).Length > 0);

    private string Format(LogLevel level, string category, string text, int id = 0, Exception? exception = null)
    {
        using var writer = new StringWriter();
        var entry = new LogEntry<string>(level, category, id, text, exception, (state, _) => state);
        new TerminalFormatter(_time).Write(in entry, null, writer);
        return writer.ToString();
    }
}
