namespace ReWorker.Tools.CommandLine;

/// <summary>The process's command line: the worker, and the tools for its owner.</summary>
public static class WorkerCommand
{
    internal static readonly string[] Verbs = ["run", "submit", "dead", "output", "health"];

    private const string Description =
        """
        A worker for jobs on RabbitMQ.

        Without a verb, it runs the worker. Settings come from appsettings.json, the environment (Worker__Queue=…),
        /run/secrets and arguments of the form --Section:Key=value (--Worker:Queue=…), which every verb takes.

        Exit code: 0 success, 1 failed or not ready, 2 no answer in time, 64 invalid arguments or configuration,
        70 internal error, 130 interrupted.
        """;

    private static readonly string[] HelpOptions = ["--help", "-h", "-?", "--version"];

    /// <summary>Runs the verb that the arguments name, by default the worker.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="workers">Adds the workers: <c>static host =&gt; host.AddWorker&lt;MyWorker&gt;()</c>.</param>
    /// <param name="endpoints">Maps what the worker's process serves. Default: health and metrics.</param>
    /// <returns>The process's exit code.</returns>
    public static Task<int> RunAsync(
        string[] args, Action<IHostApplicationBuilder> workers, Action<WebApplication>? endpoints = null) =>
        RunAsync(args, workers, endpoints, Terminal.ForProcess());

    internal static async Task<int> RunAsync(
        string[] args, Action<IHostApplicationBuilder> workers, Action<WebApplication>? endpoints, Terminal terminal)
    {
        try
        {
            var (words, settings) = Settings.Split(args);
            if (words is not [var first, ..] || !Verbs.Concat(HelpOptions).Contains(first)) words = ["run", .. words];
            var root = new RootCommand(Description);
            // A single verb is faster to create. The list of verbs is for --help.
            foreach (var verb in Verbs.Contains(words[0]) ? [words[0]] : Verbs)
            {
                root.Add(verb switch
                {
                    "submit" => SubmitVerb.Create(terminal, settings),
                    "dead" => DeadVerb.Create(terminal, settings),
                    "output" => OutputVerb.Create(settings),
                    "health" => HealthVerb.Create(terminal),
                    _ => RunVerb.Create(settings, workers, endpoints),
                });
            }
            return await InvokeAsync(root, words);
        }
        catch (Exception e)
        {
            if (ErrorMessage.For(e) is var (code, line))
            {
                terminal.Error(line);
                return code;
            }
            await Console.Error.WriteLineAsync(e.ToString());
            return ExitCodes.InternalError;
        }
    }

    private static Task<int> InvokeAsync(RootCommand root, string[] words)
    {
        var configuration = new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        var parsed = root.Parse(words, configuration);
        if (ErrorMessage.For(parsed) is { } error) throw new UsageException(error);
        // a host handles signals itself; the other verbs get time to close what they hold
        var isHost = parsed.CommandResult.Command.Name is "run" or "output";
        return parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = isHost ? null : TimeSpan.FromSeconds(10),
        });
    }
}
