using System.CommandLine;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Telemetry;
using Spectre.Console;

namespace ReWorker.Tools.CommandLine;

/// <summary>Lists, shows, replays and drops parked jobs.</summary>
internal sealed class DeadVerb(Terminal terminal, string[] settings)
{
    private readonly QueueOption _queue = new();
    private readonly Option<bool> _all = new("--all") { Description = "Selects all jobs." };

    private readonly Argument<string[]> _jobs = new("JOB")
    {
        Description = "A number, id or correlation id from the list. A few digits are always a number.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private delegate Task<int> Action(DeadQueue queue, DeadSelection selection, CancellationToken cancel);

    public static Command Create(Terminal terminal, string[] settings)
    {
        var verb = new DeadVerb(terminal, settings);
        return new Command("dead", "Handles jobs that no worker could finish. They are parked in worker.<queue>.dead.")
        {
            verb._queue,
            verb.With(verb.ListAsync, new("list", "Lists the parked jobs, oldest first, with the reason.")),
            verb.With(verb.ShowAsync, new("show", "Shows everything about some jobs.") { verb._jobs }),
            verb.With(verb.ReplayAsync, new("replay", "Moves jobs back to their queue.") { verb._jobs, verb._all }),
            verb.With(verb.DropAsync, new("drop", "Deletes jobs.") { verb._jobs, verb._all }),
        };
    }

    private Command With(Action action, Command command)
    {
        var takesJobs = command.Arguments.Contains(_jobs);
        var orAll = command.Options.Contains(_all) ? " or --all" : "";
        command.SetAction(async (parsed, cancel) =>
        {
            var wanted = takesJobs ? parsed.GetValue(_jobs) ?? [] : [];
            var selection = new DeadSelection(wanted, all: !takesJobs || parsed.GetValue(_all), command.Name, orAll);
            await using var services = WorkerHost.CreateServices(settings);
            await using var queue = await DeadQueue.OpenAsync(
                services.GetRequiredService<ConnectionSource>(),
                _queue.Resolve(parsed, services),
                services.GetRequiredService<TimeProvider>(),
                cancel).ConfigureAwait(false);
            return await action(queue, selection, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private async Task<int> ListAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel)
    {
        var rows = new List<string[]> { (string[])["#", "id", "parked", "attempts", "job", "reason"] };
        await foreach (var job in queue.ReadAsync(cancel).ConfigureAwait(false))
        {
            var (name, reason) = (Printable.OneLine(job.CorrelationId), Terminal.Flatten(job.Reason));
            rows.Add([$"{job.Number}", job.Id, job.ParkedAt, job.Attempts, name, reason]);
        }

        terminal.Line($"{queue.Name} holds {rows.Count - 1} {(rows.Count is 2 ? "job" : "jobs")}");
        var widths = Enumerable.Range(0, 5).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows.Count is 1 ? [] : rows)
        {
            var isHeader = row == rows[0];
            var cells = row.Zip(widths, (text, width) => $"{text.PadRight(width)}  ").ToArray();
            terminal.Line(
                ($" {row[0].PadLeft(widths[0])}  {cells[1]}", isHeader ? Color.Grey : Color.Yellow),
                (string.Concat(cells[2..]), Color.Grey),
                (row[5], isHeader ? Color.Grey : Color.Default));
        }
        return ExitCodes.Success;
    }

    private Task<int> ShowAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) =>
        ForEachAsync(queue, selection, job =>
        {
            Show("id", $"{job.Id}, number {job.Number} of {queue.Count}");
            Show("reason", job.Reason);
            Show("parked", job.ParkedAt);
            Show("attempts", job.Attempts);
            Show("job", job.CorrelationId);
            Show("reply to", job.Properties.ReplyTo);
            Show("message id", job.Properties.MessageId);
            Show("app id", job.Properties.AppId);
            foreach (var (key, value) in job.Properties.Headers ?? new Dictionary<string, object?>())
                Show("header", $"{key}: {DeadHeaders.Format(value)}");
            foreach (var line in FormatBody(job.Body).Split('\n')) terminal.Line((" │ ", Color.Grey), line);
            return Task.CompletedTask;
        }, cancel);

    private void Show(string label, string? value)
    {
        if (value is not null) terminal.Line(($" {label,-11} ", Color.Grey), Terminal.Flatten(value));
    }

    private Task<int> ReplayAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) =>
        SettleAsync(queue, selection, queue.ReplayAsync, ("replayed", Color.Green), cancel);

    private Task<int> DropAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) =>
        SettleAsync(queue, selection, queue.DropAsync, ("dropped", Color.Red), cancel);

    private async Task<int> SettleAsync(
        DeadQueue queue,
        DeadSelection selection,
        Func<DeadJob, Task> settle,
        (string Text, Color Color) done,
        CancellationToken cancel)
    {
        var count = 0;
        try
        {
            return await ForEachAsync(queue, selection, async job =>
            {
                await settle(job).ConfigureAwait(false);
                terminal.Line(($" {done.Text,-8}  ", done.Color), $"{job.Id}  {job.CorrelationId}");
                count++;
            }, cancel).ConfigureAwait(false);
        }
        finally
        {
            terminal.Line($"{queue.Name}: {count} of {queue.Count} {done.Text}");
        }
    }

    private async Task<int> ForEachAsync(
        DeadQueue queue, DeadSelection selection, Func<DeadJob, Task> action, CancellationToken cancel)
    {
        await foreach (var job in queue.ReadAsync(cancel).ConfigureAwait(false))
            if (selection.Includes(job)) await action(job).ConfigureAwait(false);
        await queue.FlushAsync().ConfigureAwait(false);
        foreach (var missing in selection.Missing)
            terminal.Error($"no parked job '{missing}' in {queue.Name}; `dead list` shows them");
        return selection.Missing.Any() ? ExitCodes.Failed : ExitCodes.Success;
    }

    private static string FormatBody(byte[] body)
    {
        try
        {
            return JsonText.Write(JsonElement.Parse(body), JsonText.Indented);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }
}
