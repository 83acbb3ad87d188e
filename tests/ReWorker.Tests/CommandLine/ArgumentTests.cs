using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using Spectre.Console;
using Xunit;
using Command = System.CommandLine.Command;
using Settings = ReWorker.Tools.CommandLine.Settings;

namespace ReWorker.Tests.CommandLine;

/// <summary>Arguments at their limits, and lines for a terminal.</summary>
public sealed class ArgumentTests
{
    [Theory]
    [InlineData("--x:y=1", true)]
    [InlineData("--Worker:Queue=a=b:c", true)]
    [InlineData("--:y=1", false)]
    [InlineData("--x=a:b", false)]
    [InlineData("-x:y=1", false)]
    [InlineData("x:y=1", false)]
    [InlineData("failed:irc=#ops", false)]
    [InlineData("-long:y=1", false)]
    public void Split_Argument_IsASettingIfItsKeyHasAColon(string argument, bool isSetting)
    {
        var (words, settings) = Settings.Split(["first", argument, "last"]);

        Assert.Equal(isSetting ? ["first", "last"] : ["first", argument, "last"], words);
        Assert.Equal(isSetting ? [argument] : [], settings);
    }

    [Fact]
    public void Split_KeyWithoutAValue_TakesTheNextArgument()
    {
        var (words, settings) = Settings.Split(["--A:B", "--C:D=1", "x", "--E:F", ""]);

        Assert.Equal(["x"], words);
        Assert.Equal(["--A:B=--C:D=1", "--E:F="], settings);
        var error = Assert.Throws<UsageException>(() => Settings.Split(["x", "--A:B"]));
        Assert.Equal("--A:B has no value; allowed: --A:B=VALUE", error.Message);
    }

    [Theory]
    [InlineData("--count", "1", true)]
    [InlineData("--count", "10000000", true)]
    [InlineData("--count", "10000001", false)]
    [InlineData("--count", "-1", false)]
    [InlineData("--count", "+1", false)]
    [InlineData("--count", "1.0", false)]
    [InlineData("--concurrency", "0", false)]
    [InlineData("--concurrency", "1", true)]
    [InlineData("--concurrency", "10000", true)]
    [InlineData("--concurrency", "10001", false)]
    public void InRange_Number_MustBeWithinTheLimits(string option, string value, bool isValid)
    {
        var command = new Command("submit");
        foreach (var known in new SubmitOptions().All) command.Add(known);

        Assert.Equal(isValid, command.Parse([option, value]).Errors.Count == 0);
    }

    [Theory]
    [InlineData("1ms", 0.001)]
    [InlineData("0.5", 0.5)]
    [InlineData("576h", 2_073_600.0)]
    [InlineData("2073600", 2_073_600.0)]
    [InlineData("2073601", null)]
    [InlineData("24.00:00:00", 2_073_600.0)]
    [InlineData("24.00:00:01", null)]
    [InlineData("00:00:00", null)]
    [InlineData("-00:00:01", null)]
    [InlineData("00:00:00.5", 0.5)]
    [InlineData("1:x", null)]
    [InlineData("1,5s", null)]
    [InlineData("s", null)]
    [InlineData("1 s", null)]
    public void ParseDuration_AtItsLimits_IsADurationOrNull(string text, double? seconds) =>
        Assert.Equal(seconds, OptionRules.ParseDuration(text)?.TotalSeconds);

    [Theory]
    [InlineData("-q typed", "set", "typed")]
    [InlineData("--queue typed", null, "typed")]
    [InlineData("", "set", "set")]
    [InlineData("", "", null)]
    [InlineData("", null, null)]
    public void Resolve_OptionAndSetting_TheOptionWins(string option, string? setting, string? expected)
    {
        var queue = new QueueOption();
        var parsed = new Command("submit") { queue }.Parse(option.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Worker:Queue", setting)]).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).BuildServiceProvider();

        if (expected is not null) Assert.Equal(expected, queue.Resolve(parsed, services));
        else Assert.Throws<UsageException>(() => { queue.Resolve(parsed, services); });
    }

    [Fact]
    public void Line_NoTerminal_IsPlainAndEscaped()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(Stream.Null, output, TextWriter.Null, isInteractive: false);

        terminal.Line(("a\u001b[31m", Color.Red), "b\n", "é");
        terminal.Raw("raw\u001b");

        Assert.Equal("a\\u001b[31mb\\u000aé\nraw\\u001b\n", output.ToString());
        Assert.Null(terminal.ProgressConsole);
    }

    [Fact]
    public void Line_Terminal_IsEscapedAndNotWrapped()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(Stream.Null, output, TextWriter.Null, isInteractive: true);
        var text = string.Concat(Enumerable.Repeat("word ", 200));

        terminal.Line((text, Color.Red), "[b]\u001b\u0007");

        Assert.Contains($"{text}", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("[b]\\u001b\\u0007", output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\n", output.ToString(), StringComparison.Ordinal);
        Assert.NotNull(terminal.ProgressConsole);
    }

    [Fact]
    public void Error_ControlCharacters_AreEscaped()
    {
        using var error = new StringWriter();
        var terminal = new Terminal(Stream.Null, TextWriter.Null, error, isInteractive: false);

        terminal.Error("a\u001b\nb");

        Assert.Equal("a\\u001b\\u000ab\n", error.ToString());
    }

    [Fact]
    public void Flatten_SeveralLines_PutsThemOnOne() =>
        Assert.Equal("a ⏎ b ⏎ c", Terminal.Flatten("a\r\nb\nc"));
}
