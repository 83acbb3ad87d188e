using System.Diagnostics;
using System.Globalization;

namespace My.Step_1.Tests;

/// <summary>The step as a process of its own, which tests can terminate or kill.</summary>
internal sealed class StepProcess : IAsyncDisposable
{
    private readonly Process _process;

    private StepProcess(Process process) => _process = process;

    public int ExitCode => _process.ExitCode;

    /// <summary>Starts the process and waits until it consumes.</summary>
    public static async Task<StepProcess> StartAsync(
        BrokerFixture broker, string queue, CancellationToken cancel, params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll"))
        {
            RedirectStandardOutput = true,
        };
        start.Environment["ConnectionStrings__rabbitmq"] = broker.Amqp.ToString();
        start.Environment["Worker__Queue"] = queue;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in settings) start.Environment[key] = value;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        await broker.WaitForConsumerAsync($"worker.{queue}", cancel);
        return new StepProcess(process);
    }

    /// <summary>Sends SIGTERM and waits until the process has ended.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills the process if it is still running.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
