using System.Diagnostics;

namespace My.Step_1.Tests;

/// <summary>
/// A private node that broker.sh starts. The script stops it when its input ends, even if this process is killed.
/// </summary>
internal sealed class PrivateBroker(Process script, string amqp, string rabbitmqctl) : TestBroker
{
    public override Uri Amqp { get; } = new(amqp);

    public static async Task<TestBroker?> TryStartAsync(List<string> problems)
    {
        if (FindScript() is not { } path || OperatingSystem.IsWindows())
        {
            problems.Add("needs broker.sh and bash");
            return null;
        }

        var script = Process.Start(new ProcessStartInfo("bash", [path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = script.StandardError.ReadToEndAsync();

        if (await script.StandardOutput.ReadLineAsync() is { } amqp
            && await script.StandardOutput.ReadLineAsync() is { } rabbitmqctl)
        {
            return new PrivateBroker(script, amqp, rabbitmqctl.Replace("rabbitmqctl: ", "", StringComparison.Ordinal));
        }

        problems.Add((await errors).Trim());
        script.Dispose();
        return null;
    }

    public override Task<string> RunRabbitmqctlAsync(params string[] arguments) =>
        Rabbitmqctl.RunAsync(rabbitmqctl, arguments);

    public override async ValueTask DisposeAsync()
    {
        script.StandardInput.Close();
        await script.WaitForExitAsync();
        script.Dispose();
    }

    private static string? FindScript()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "broker.sh")))
        {
            folder = folder.Parent;
        }

        return folder is null ? null : Path.Combine(folder.FullName, "broker.sh");
    }
}
