using System.CommandLine;
using Microsoft.Extensions.Hosting;
using ReWorker.Tools.Hosting;

namespace ReWorker.Tools.CommandLine;

/// <summary>The worker itself, and the default: also as the Python runner was called, <c>MQ_CONFIG.json [-w WORKER_CONFIG.json]</c>.</summary>
internal static class RunVerb
{
    public static Command Create(string[] settings, Action<IHostApplicationBuilder> workers)
    {
        var broker = new Argument<string?>("MQ_CONFIG.json")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "How to reach the broker: user, password, server, vhost, and if need be port, ssl. Without it: the configuration.",
        };
        var worker = new Option<string?>("--worker-config", "-w") { Description = "The step's own settings.", HelpName = "WORKER_CONFIG.json" };
        var command = new Command("run", "Runs the worker; the default.") { broker, worker };
        command.SetAction(async (parsed, cancel) =>
        {
            var files = new List<string>();
            if (parsed.GetValue(broker) is { } path) files.AddRange(MqConfig.Read(Checked(path)));
            if (parsed.GetValue(worker) is { } own) files.AddRange(WorkerConfig.Read(own));
            return await HostAsync([.. files, .. settings], 8080, workers, cancel).ConfigureAwait(false);
        });
        return command;
    }

    public static async Task<int> HostAsync(string[] settings, int port, Action<IHostApplicationBuilder> workers, CancellationToken cancel)
    {
        await using var app = WorkerHost.Build(settings, port, workers);
        // the first signal drains: the host sees to that itself
        using var second = new SecondSignal();
        await app.RunAsync(cancel).ConfigureAwait(false);
        return ExitCodes.Done;
    }

    /// <summary>A mistyped verb or option arrives here as a file's name.</summary>
    private static string Checked(string path)
    {
        if (path.StartsWith('-')) throw new UsageException($"there is no option {path}; allowed: --worker-config, --help, --version, and settings as --Section:Key=value");
        if (!File.Exists(path) && !path.Contains('.', StringComparison.Ordinal) && !path.Contains('/', StringComparison.Ordinal))
            throw new UsageException($"'{path}' is neither a verb nor a file; verbs: {string.Join(", ", WorkerCommand.Verbs)}");
        return path;
    }
}
