using System.Diagnostics;
using Xunit;

namespace ReWorker.Tests.BrokerScript;

/// <summary>broker.sh leaves nothing behind, however it ends.</summary>
public sealed class BrokerScriptTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("reworker-test-").FullName;

    [Fact]
    public async Task Script_CommandEnds_GivesItsExitStatusAndLeavesNothing()
    {
        const string uris = "echo $REWORKER_TEST_AMQP $ConnectionStrings__rabbitmq";
        using var script = Start("sh", "-c", $"{uris}; $REWORKER_TEST_RABBITMQCTL list_vhosts; exit 7");

        var said = await script.StandardOutput.ReadToEndAsync(_cancel);
        await script.WaitForExitAsync(_cancel).WaitAsync(Patience, _cancel);

        Assert.Equal(7, script.ExitCode);
        Assert.Matches(@"^(amqp://guest:guest@127\.0\.0\.1:\d+/) \1\n", said);
        Assert.Contains("Listing vhosts", said, StringComparison.Ordinal);
        Assert.Empty(Left());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Script_KilledWhileItStarts_LeavesNothing(int seconds)
    {
        using var script = Start();
        await script.StandardError.ReadLineAsync(_cancel);
        await Task.Delay(TimeSpan.FromSeconds(seconds), _cancel);

        script.Kill();
        await script.WaitForExitAsync(_cancel);

        var began = Stopwatch.GetTimestamp();
        while (Left().Count > 0 && Stopwatch.GetElapsedTime(began) < Patience) await Task.Delay(100, _cancel);
        Assert.Empty(Left());
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

    /// <summary>Files in the script's folder, and processes that know it.</summary>
    private List<string> Left() =>
    [
        .. Directory.EnumerateFileSystemEntries(_folder),
        .. Directory.EnumerateDirectories("/proc")
            .Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0]) && Knows(process)),
    ];

    private bool Knows(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/environ").Contains(_folder, StringComparison.Ordinal);
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
