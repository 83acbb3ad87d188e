using System.Diagnostics;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Kit;

/// <summary>Commands report how they ended and leave no process behind.</summary>
public sealed class CommandTests
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryAsync_CommandExits_ReturnsItsExitCodeAndBothOutputs()
    {
        var result = await Command.TryAsync("sh", "-c", "echo out; echo err >&2; exit 3");

        Assert.Equal((3, "out\n", "err\n"), (result.ExitCode, result.StandardOutput, result.StandardError));
        var problem = Assert.Throws<InvalidOperationException>(result.Succeeded);
        Assert.Equal("sh -c echo out; echo err >&2; exit 3 exited with code 3:\nout\nerr\n", problem.Message);
        Assert.Equal(127, (await Command.TryAsync("no-such-program")).ExitCode);
    }

    [Fact]
    public async Task TryAsync_CommandExceedsTheTimeout_ThrowsAndKillsTheProcessTree()
    {
        // no other process has these arguments
        var seconds = $"{Random.Shared.Next(1_000_000, int.MaxValue)}";
        var start = new ProcessStartInfo("sh", ["-c", $"sleep {seconds} & sleep {seconds} & wait"]);

        var call = Command.TryAsync(start, TimeSpan.FromSeconds(2), _cancel);
        await Until.TrueAsync(() => Sleeping(seconds) == 2 || call.IsCompleted, "two children");
        await Assert.ThrowsAsync<TimeoutException>(() => call);

        await Until.TrueAsync(() => Sleeping(seconds) == 0, "no child");
    }

    private static int Sleeping(string seconds) =>
        Directory.EnumerateDirectories("/proc").Count(process => Arguments(process) == $"sleep\0{seconds}\0");

    private static string Arguments(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // not a process, or it has ended
            return "";
        }
    }
}
