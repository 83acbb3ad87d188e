using System.Diagnostics;
using System.Globalization;

namespace My.Step_1.Tests;

/// <summary>The step as a process of its own, which may be told to end, or killed.</summary>
internal sealed class StepProcess : IAsyncDisposable
{
    private readonly Process _process;

    private StepProcess(Process process) => _process = process;

    public int ExitCode => _process.ExitCode;

    /// <summary>Returns when it consumes.</summary>
    public static async Task<StepProcess> StartAsync(BrokerFixture broker, string queue, CancellationToken cancel, params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll")) { RedirectStandardOutput = true };
        start.Environment["ConnectionStrings__rabbitmq"] = broker.Amqp.ToString();
        start.Environment["Worker__Queue"] = queue;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in settings) start.Environment[key] = value;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        await broker.WaitForConsumerAsync($"worker.{queue}", cancel);
        return new StepProcess(process);
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills it, if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
