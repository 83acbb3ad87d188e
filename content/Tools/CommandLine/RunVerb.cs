namespace ReWorker.Tools.CommandLine;

/// <summary>Runs the worker, with the Python runner's arguments if given: <c>MQ_CONFIG.json [-w FILE]</c>.</summary>
internal static class RunVerb
{
    public static Command Create(
        string[] settings, Action<IHostApplicationBuilder> workers, Action<WebApplication>? endpoints)
    {
        var broker = new Argument<string?>("MQ_CONFIG.json")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "The broker: user, password, server, vhost; optionally port, ssl. Default: the settings.",
        };
        var worker = new Option<string?>("--worker-config", "-w")
        {
            HelpName = "WORKER_CONFIG.json",
            Description = "The worker's own settings.",
        };
        var command = new Command("run", "Runs the worker. This is the default.") { broker, worker };
        command.SetAction(async (parsed, cancel) =>
        {
            var files = new List<string>();
            if (parsed.GetValue(broker) is { } mqConfig) files.AddRange(MqConfig.Read(CheckPath(mqConfig)));
            if (parsed.GetValue(worker) is { } workerConfig) files.AddRange(WorkerConfig.Read(workerConfig));
            return await HostAsync([.. files, .. settings], 8080, workers, endpoints, cancel);
        });
        return command;
    }

    public static async Task<int> HostAsync(
        string[] settings, int defaultPort, Action<IHostApplicationBuilder> workers, Action<WebApplication>? endpoints,
        CancellationToken cancel)
    {
        await using var app = WorkerHost.Build(settings, defaultPort, workers, endpoints);
        // the host itself handles the first signal and drains
        using var secondSignal = new SecondSignal();
        await app.RunAsync(cancel);
        return ExitCodes.Success;
    }

    /// <summary>A mistyped verb arrives here as the name of a file.</summary>
    private static string CheckPath(string path)
    {
        if (File.Exists(path) || path.IndexOfAny(['.', '/']) >= 0) return path;
        var verbs = string.Join(", ", WorkerCommand.Verbs);
        throw new UsageException($"'{path}' is neither a verb nor a file; verbs: {verbs}");
    }
}
