using System.Diagnostics;
using Xunit;

namespace ReWorker.Tests.BrokerScript;

/// <summary>broker.sh leaves no file and no process behind, however it ends.</summary>
public sealed class BrokerScriptTests : IDisposable
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(120);

    private static readonly EnumerationOptions Deep = new() { RecurseSubdirectories = true };

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("reworker-test-").FullName;

    [Fact]
    public async Task Script_CommandExits_ReturnsItsExitCodeAndLeavesNothing()
    {
        const string uris = "echo $REWORKER_TEST_AMQP $ConnectionStrings__rabbitmq";
        using var script = Start("sh", "-c", $"{uris}; $REWORKER_TEST_RABBITMQCTL list_vhosts; exit 7");

        var printed = await script.StandardOutput.ReadToEndAsync(_cancel);
        await script.WaitForExitAsync(_cancel).WaitAsync(MaxWait, _cancel);

        Assert.Equal(7, script.ExitCode);
        Assert.Matches(@"^(amqp://guest:guest@127\.0\.0\.1:\d+/) \1\n", printed);
        Assert.Contains("Listing vhosts", printed, StringComparison.Ordinal);
        Assert.Empty(Leftovers());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Script_KilledWhileStarting_LeavesNothing(bool hasNode)
    {
        using var script = Start();
        await script.StandardError.ReadLineAsync(_cancel);
        // the node has begun to create its data
        if (hasNode) await UntilAsync(() => Directory.EnumerateDirectories(_folder, "data", Deep).Any());

        script.Kill();
        await script.WaitForExitAsync(_cancel);

        await UntilAsync(() => Leftovers().Count == 0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Process Start(params string[] command)
    {
        Assert.SkipUnless(File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server"), "needs the package rabbitmq-server");
        return Process.Start(new ProcessStartInfo("bash", [Repository.At("broker.sh"), .. command])
        {
            Environment = { ["TMPDIR"] = _folder },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        for (var start = Stopwatch.StartNew(); !condition() && start.Elapsed < MaxWait;)
            await Task.Delay(100, _cancel);
        Assert.True(condition(), string.Join('\n', Leftovers()));
    }

    /// <summary>Files in the script's folder, and processes with the folder in their environment.</summary>
    private List<string> Leftovers() =>
    [
        .. Directory.EnumerateFileSystemEntries(_folder),
        .. Directory.EnumerateDirectories("/proc")
            .Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0]) && HasFolderInItsEnvironment(process)),
    ];

    private bool HasFolderInItsEnvironment(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/environ").Contains(_folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the process has ended, or belongs to another user
            return false;
        }
    }
}
