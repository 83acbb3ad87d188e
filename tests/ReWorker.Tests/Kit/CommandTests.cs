using System.Diagnostics;
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
        var folder = Directory.CreateTempSubdirectory("reworker-kit-");
        var file = Path.Combine(folder.FullName, "pid");
        var start = new ProcessStartInfo("sh", ["-c", $"sleep 60 & echo $! >{file}; wait"]);

        await Assert.ThrowsAsync<TimeoutException>(() => Command.TryAsync(start, TimeSpan.FromSeconds(1), _cancel));

        var child = (await File.ReadAllTextAsync(file, _cancel)).Trim();
        for (var tries = 0; IsRunning(child); tries++)
        {
            Assert.True(tries < 50, "the child is still running");
            await Task.Delay(100, _cancel);
        }
        folder.Delete(recursive: true);
    }

    private static bool IsRunning(string pid)
    {
        var stat = $"/proc/{pid}/stat";
        return File.Exists(stat) && !File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal);
    }
}
