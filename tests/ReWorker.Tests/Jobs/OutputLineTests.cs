using System.Text.Json;
using Microsoft.Extensions.Logging;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which of a step's log lines users get, and what is in them.</summary>
public sealed class OutputLineTests
{
    [Theory]
    [InlineData(LogLevel.Trace, "Trace Debug Information Warning Error Critical")]
    [InlineData(LogLevel.Debug, "Debug Information Warning Error Critical")]
    [InlineData(LogLevel.Error, "Error Critical")]
    [InlineData(LogLevel.None, "")]
    public async Task Output_EachLevel_IsSentFromTheSetOneOn(LogLevel minLevel, string lines)
    {
        using var bench = new JobBench((job, _) =>
        {
            foreach (var level in Enum.GetValues<LogLevel>())
            {
                job.Output.Log(level, "{Level}", level);
                Assert.Equal(lines.Split(' ').Contains($"{level}"), job.Output.IsEnabled(level));
            }
            return Task.FromResult<object?>(null);
        }, options => options.OutputLevel = minLevel);

        await bench.RunAsync(bench.Deliver());

        Assert.Equal("""{"status":"completed"}""", bench.Bus.Replies[^1]);
        Assert.Equal(lines, string.Join(' ', Lines(bench)));
    }

    [Fact]
    public async Task Output_ScopesAndExceptions_AreInTheLine()
    {
        using var bench = new JobBench((job, _) =>
        {
            using (job.Output.BeginScope("outer"))
            {
                using (job.Output.BeginScope("inner {Number}", 2)) job.Output.LogInformation("both");
                job.Output.LogWarning(new FormatException("it broke"), "one");
            }
            job.Output.LogError(new FormatException("alone"), "");
            return Task.FromResult<object?>(null);
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal(["[outer] [inner 2] both", "[outer] one: it broke", "alone"], Lines(bench));
        Assert.All(
            bench.Bus.Messages.Where(message => message.Kind is MessageKind.Output),
            message => Assert.Equal(("re", "output"), (message.Exchange, message.RoutingKey)));
        Assert.Equal(["started", "Output", "Output", "Output", "completed", "Ack"], bench.Bus.Events);
    }

    /// <summary>A formatter may show all of an exception, with its stack trace.</summary>
    [Fact]
    public async Task Output_FormatterShowsTheException_HasOnlyItsMessage()
    {
        using var bench = new JobBench((job, _) =>
        {
            job.Output.Log(
                LogLevel.Error, default, "one", new FormatException("it broke"), (state, error) => $"{state}{error}");
            return Task.FromResult<object?>(null);
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal(["one: it broke"], Lines(bench));
    }

    /// <summary>A step may do several things at once, each in a scope of its own.</summary>
    [Fact]
    public async Task Output_ScopeOfAParallelTask_IsNotInOtherLines()
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await Task.Run(() => job.Output.BeginScope("of the task"), cancel);
            job.Output.LogInformation("alone");
            return null;
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal(["alone"], Lines(bench));
    }

    private static IEnumerable<string> Lines(JobBench bench) => bench.Bus.Messages
        .Where(message => message.Kind is MessageKind.Output)
        .Select(message => JsonElement.Parse(message.Body).GetProperty("message").GetString()!);
}
