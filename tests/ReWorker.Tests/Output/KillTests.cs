using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>The output worker as the process that it is, killed at any moment.</summary>
public sealed class KillTests(OutputBus bus) : ContractTest<OutputBus>(bus)
{
    private const int Lines = 3000;

    [Theory, Contract("Output worker / flushed before the ack")]
    [InlineData("quorum")]
    [InlineData("classic")]
    public async Task Process_KilledAgainAndAgain_LosesNoLineAndKeepsTheirOrder(string type)
    {
        var directory = Directory.CreateTempSubdirectory("reworker-killed-");
        const string queue = "worker.output";
        await using var session = await Bus.OpenAsync();
        await Bus.DeclareAsync(queue, new Dictionary<string, object> { ["x-queue-type"] = type });

        const int kills = 3;
        for (var kill = 0; kill < kills; kill++)
        {
            for (var i = kill * Lines / kills; i < (kill + 1) * Lines / kills; i++)
                session.SendRaw(queue, JsonSerializer.SerializeToUtf8Bytes(new { message = $"line {i}" }), new() { ["correlation_id"] = $"r{i % 3}" }, exchange: "", prefix: "");
            var had = Written(directory).Count;
            await RunAsync(directory.FullName, () => Written(directory).Count > had + 50);
        }
        await RunAsync(directory.FullName, () => Written(directory).Distinct().Count() == Lines);

        // a line may come twice, where a kill fell between its writing and its acknowledgement; none may be torn or missing
        Assert.All(Written(directory), one => Assert.Matches("^line [0-9]+$", one));
        Assert.Equal(Enumerable.Range(0, Lines), Written(directory).Select(one => int.Parse(one[5..], CultureInfo.InvariantCulture)).Distinct().Order());
        Assert.All(directory.GetFiles("*.log"), file =>
        {
            var first = Read(file.FullName).Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Select(one => int.Parse(one[5..], CultureInfo.InvariantCulture));
            Assert.Equal(first.Order(), first);
        });
        await Bus.DeleteAsync(queue, "worker.output.dead");
        directory.Delete(recursive: true);
    }

    /// <summary>Runs the process until the condition holds, and kills it.</summary>
    private async Task RunAsync(string directory, Func<bool> condition)
    {
        using var process = Start(directory);
        try
        {
            await UntilAsync(() => Task.FromResult(condition()));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Process Start(string directory)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll"), "output"]) { RedirectStandardOutput = true };
        start.Environment["ConnectionStrings__rabbitmq"] = Bus.Amqp.AbsoluteUri;
        start.Environment["OutputWorker__Directory"] = directory;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        // the step's own settings, in the same file: they are about jobs, and must cost no line
        foreach (var (key, value) in new[] { ("OnRedelivery", "Fail"), ("MaxAttempts", "1"), ("MaxBodyBytes", "8") }) start.Environment[$"Worker__{key}"] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static List<string> Written(DirectoryInfo directory) =>
        [.. directory.GetFiles("*.log").SelectMany(file => Read(file.FullName).Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    private static string Read(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd();
    }
}
