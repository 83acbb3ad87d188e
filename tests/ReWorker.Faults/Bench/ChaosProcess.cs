using Microsoft.Extensions.DependencyInjection;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;

namespace ReWorker.Faults;

/// <summary>What this program is when it is started as a worker.</summary>
internal static class ChaosProcess
{
    /// <summary>A file whose appearance makes the supervisor hang.</summary>
    public const string HangFile = "FAULTS_HANG_FILE";

    public static Task<int> RunAsync(string[] args) => WorkerCommand.RunAsync(args, static host =>
    {
        if (Environment.GetEnvironmentVariable(HangFile) is { Length: > 0 } file)
            host.Services.AddSingleton<TimeProvider>(new StuckTime(file));
        host.AddWorker<ChaosWorker>(ChaosJson.Default);
    });
}
