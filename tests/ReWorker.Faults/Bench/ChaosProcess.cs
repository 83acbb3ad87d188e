using Microsoft.Extensions.DependencyInjection;
using ReWorker.CommandLine;
using ReWorker.Supervision;

namespace ReWorker.Faults;

/// <summary>What this program is when it is started as a worker.</summary>
internal static class ChaosProcess
{
    /// <summary>Names the remedies to go without.</summary>
    public const string Missing = "FAULTS_MISSING";

    /// <summary>A file whose appearance makes the supervisor hang.</summary>
    public const string HangFile = "FAULTS_HANG_FILE";

    public static Task<int> RunAsync(string[] args)
    {
        if (Enum.TryParse<Remedy>(Environment.GetEnvironmentVariable(Missing), out var missing)) Remedies.Missing = missing;
        return StepCommand.RunAsync(args, static host =>
        {
            if (Environment.GetEnvironmentVariable(HangFile) is { Length: > 0 } file) host.Services.AddSingleton<TimeProvider>(new StuckTime(file));
            host.AddWorker<ChaosWorker>();
        });
    }
}
