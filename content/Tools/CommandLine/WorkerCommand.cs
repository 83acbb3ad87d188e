using System.CommandLine;
using Microsoft.Extensions.Hosting;

namespace ReWorker.Tools.CommandLine;

/// <summary>The step's command line: the worker, and what its owner needs beside it.</summary>
public static class WorkerCommand
{
    internal static readonly string[] Verbs = ["run", "submit", "dead", "output", "health"];

    private static readonly string[] Asks = ["--help", "-h", "-?", "--version"];

    /// <summary>Runs the verb that the arguments name, by default the worker, and returns the process's exit status.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="workers">Adds the workers: <c>static host =&gt; host.AddWorker&lt;MyWorker&gt;()</c>.</param>
    public static Task<int> RunAsync(string[] args, Action<IHostApplicationBuilder> workers) => RunAsync(args, workers, Terminal.OfProcess());

    internal static async Task<int> RunAsync(string[] args, Action<IHostApplicationBuilder> workers, Terminal terminal)
    {
        try
        {
            var (words, settings) = Settings.Split(args);
            words = WithVerb(words);
            var parsed = Create(terminal, settings, workers, words[0]).Parse(words, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
            if (ErrorMessage.For(parsed) is { } complaint) throw new UsageException(complaint);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // a host handles signals itself; the other verbs end what they hold
                ProcessTerminationTimeout = parsed.CommandResult.Command.Name is "run" or "output" ? null : TimeSpan.FromSeconds(10),
            }).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var (code, line) = ErrorMessage.For(e) ?? (ExitCodes.Fault, "");
            if (line.Length > 0) terminal.Error(line);
            else await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            return code;
        }
    }

    private static string[] WithVerb(string[] words) =>
        words is [var first, ..] && (Verbs.Contains(first) || Asks.Contains(first)) ? words : ["run", .. words];

    /// <summary>With the verb that is asked for, else with all: the worker starts without what the others are made of.</summary>
    private static RootCommand Create(Terminal terminal, string[] settings, Action<IHostApplicationBuilder> workers, string asked)
    {
        var root = new RootCommand(
            """
            A worker for jobs on RabbitMQ.

            Without a verb it runs the worker. Settings come from appsettings.json, the environment (Worker__Queue=…),
            /run/secrets and, for every verb, from arguments of the form --Section:Key=value (--Worker:Queue=…).

            Exit status: 0 done, 1 failed or not ready, 2 no answer in time, 64 wrong arguments or configuration, 130 interrupted.
            """);
        foreach (var verb in Verbs.Contains(asked) ? [asked] : Verbs)
        {
            root.Add(verb switch
            {
                "submit" => SubmitVerb.Create(terminal, settings),
                "dead" => DeadVerb.Create(terminal, settings),
                "output" => OutputVerb.Create(settings),
                "health" => HealthVerb.Create(terminal),
                _ => RunVerb.Create(settings, workers),
            });
        }
        return root;
    }
}
