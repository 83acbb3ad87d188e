using System.Globalization;
using System.Text.Json;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Operations;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>The output worker in its own process, killed at any moment.</summary>
public sealed class KillTests(OutputBus bus) : ContractTest<OutputBus>(bus)
{
    private const int Lines = 2000;

    [Theory, Contract("Output worker / flushed before the ack")]
    [InlineData("quorum")]
    [InlineData("classic")]
    public async Task Process_KilledAgainAndAgain_LosesNoLineAndKeepsTheirOrder(string type)
    {
        var directory = Directory.CreateTempSubdirectory("reworker-killed-");
        const string queue = "worker.output";
        await using var session = await Bus.OpenAsync();
        await Bus.DeclareAsync(queue, new Dictionary<string, object> { ["x-queue-type"] = type });

        const int kills = 2;
        for (var kill = 0; kill < kills; kill++)
        {
            for (var i = kill * Lines / kills; i < (kill + 1) * Lines / kills; i++)
            {
                var line = JsonSerializer.SerializeToUtf8Bytes(new { message = $"line {i}" });
                session.SendRaw(queue, line, new() { ["correlation_id"] = $"r{i % 3}" }, exchange: "", prefix: "");
            }
            var before = Written(directory).Count;
            await RunAsync(directory.FullName, () => Written(directory).Count > before + 50);
        }
        await RunAsync(directory.FullName, () => Written(directory).Distinct().Count() == Lines);

        // a kill between write and acknowledgement repeats a line; no line may be incomplete or missing
        Assert.All(Written(directory), line => Assert.Matches("^line [0-9]+$", line));
        Assert.Equal(Enumerable.Range(0, Lines), Written(directory).Select(Number).Distinct().Order());
        Assert.All(directory.GetFiles("*.log"), file =>
        {
            var first = Read(file).Distinct().Select(Number);
            Assert.Equal(first.Order(), first);
        });
        await Bus.DeleteAsync(queue, "worker.output.dead");
        directory.Delete(recursive: true);
    }

    /// <summary>Runs the process until the condition holds, and kills it.</summary>
    private async Task RunAsync(string directory, Func<bool> condition)
    {
        // the settings for jobs, from the same file, must not cost a line
        await using var process = StepProcess.Start(
            ["output"], ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("OutputWorker:Directory", directory),
            ("Worker:OnRedelivery", "Fail"), ("Worker:MaxAttempts", "1"), ("Worker:MaxBodyBytes", "8"));
        await UntilAsync(() => condition());
    }

    private static List<string> Written(DirectoryInfo directory) => [.. directory.GetFiles("*.log").SelectMany(Read)];

    private static string[] Read(FileInfo file)
    {
        using var reader = new StreamReader(file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static int Number(string line) => int.Parse(line[5..], CultureInfo.InvariantCulture);
}
