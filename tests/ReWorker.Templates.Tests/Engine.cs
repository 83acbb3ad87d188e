using System.Diagnostics;

namespace ReWorker.Templates.Tests;

/// <summary>The Docker engine, where there is one.</summary>
internal static class Engine
{
    private static readonly Lazy<bool> _answers = new(() =>
    {
        if (Environment.GetEnvironmentVariable("REWORKER_DOCKER") == "0") return false;
        try
        {
            using var process = Process.Start(new ProcessStartInfo("docker", ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            return process.WaitForExit(60_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    public static void Needed() => Assert.SkipUnless(_answers.Value, "needs a Docker engine");

    /// <summary>Names and ports that collide with nothing that runs here.</summary>
    public static Dictionary<string, string> Apart()
    {
        var name = $"reworker-test-{Guid.NewGuid():N}"[..24];
        return new Dictionary<string, string>
        {
            ["COMPOSE_PROJECT_NAME"] = name,
            ["STEP_IMAGE"] = name,
            ["RABBITMQ_PORT"] = "0",
            ["RABBITMQ_MANAGEMENT_PORT"] = "0",
        };
    }
}
