using System.CommandLine;
using Microsoft.Extensions.Hosting;

namespace ReWorker.CommandLine;

/// <summary>The step's command line: the worker, and what its owner needs beside it.</summary>
public static class StepCommand
{
    internal static readonly string[] Verbs = ["run", "submit", "dead", "output", "health"];

    /// <summary>Runs the verb that the arguments name, by default the worker, and returns the process's exit status.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="workers">Adds the workers: <c>static host =&gt; host.AddWorker&lt;MyWorker&gt;()</c>.</param>
    public static Task<int> RunAsync(string[] args, Action<IHostApplicationBuilder> workers) => RunAsync(args, workers, Terminal.OfProcess());

    internal static async Task<int> RunAsync(string[] args, Action<IHostApplicationBuilder> workers, Terminal terminal)
    {
        try
        {
            var (words, settings) = Settings.Split(args);
            var parsed = Create(terminal, settings, workers).Parse(words, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
            if (Complaint.Of(parsed) is { } complaint) throw new UsageException(complaint);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // a host handles signals itself; the other verbs end what they hold
                ProcessTerminationTimeout = parsed.CommandResult.Command is RootCommand or { Name: "run" or "output" } ? null : TimeSpan.FromSeconds(10),
            }).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var (code, line) = Complaint.Of(e) ?? (ExitCodes.Fault, "");
            if (line.Length > 0) terminal.Error(line);
            else await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            return code;
        }
    }

    private static RootCommand Create(Terminal terminal, string[] settings, Action<IHostApplicationBuilder> workers)
    {
        var root = new RootCommand(
            """
            A worker for jobs on RabbitMQ.

            Without a verb it runs the worker. Settings come from appsettings.json, the environment (Worker__Queue=…),
            /run/secrets and, for every verb, from arguments of the form --Section:Key=value (--Worker:Queue=…).

            Exit status: 0 done, 1 failed or not ready, 2 no answer in time, 64 wrong arguments or configuration, 130 interrupted.
            """);
        RunVerb.Add(root, settings, workers);
        var run = new Command("run", "Runs the worker, as without a verb.");
        RunVerb.Add(run, settings, workers);
        root.Add(run);
        root.Add(SubmitVerb.Create(terminal, settings));
        root.Add(DeadVerb.Create(terminal, settings));
        root.Add(OutputVerb.Create(settings));
        root.Add(HealthVerb.Create(terminal));
        return root;
    }
}
