using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Telemetry;
using Spectre.Console;

namespace ReWorker.Tools.CommandLine;

/// <summary>The parked jobs: lists, shows, replays, drops them.</summary>
internal sealed class DeadVerb
{
    private const string Which = "Number, id or correlation id, as listed; digits are a number.";

    private readonly Terminal _terminal;
    private readonly string[] _settings;
    private readonly Option<string?> _queue = new("--queue", "-q") { HelpName = "NAME", Description = "The worker's queue. Default: Worker:Queue of the configuration.", Recursive = true };
    private readonly Option<bool> _all = new("--all") { Description = "All of them." };

    private DeadVerb(Terminal terminal, string[] settings) => (_terminal, _settings) = (terminal, settings);

    public static Command Create(Terminal terminal, string[] settings)
    {
        var verb = new DeadVerb(terminal, settings);
        var command = new Command("dead", "The jobs that nobody could finish: they are parked in worker.<queue>.dead, with the reason.")
        {
            verb.Sub("list", "Lists them, oldest first, with why each was parked.", null, verb.ListAsync),
            verb.Sub("show", "Shows all that is known of some.", Which, verb.ShowAsync),
            verb.Sub("replay", "Puts some, or --all, back into the worker's queue.", Which, verb.ReplayAsync),
            verb.Sub("drop", "Throws some, or --all, away.", Which, verb.DropAsync),
        };
        command.Add(verb._queue);
        return command;
    }

    private Command Sub(string name, string description, string? what, Func<DeadQueue, DeadSelection, CancellationToken, Task<int>> run)
    {
        var which = new Argument<string[]>("JOB") { Description = what, Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(name, description);
        if (what is not null) command.Add(which);
        if (name is "replay" or "drop") command.Add(_all);
        command.SetAction(async (parsed, cancel) =>
        {
            var selection = new DeadSelection(what is null ? [] : parsed.GetValue(which) ?? [], what is null || parsed.GetValue(_all), name, name is "show" ? "" : " or --all");
            await using var services = WorkerHost.Services(_settings);
            await using var queue = await DeadQueue.OpenAsync(
                services.GetRequiredService<ConnectionSource>(), QueueName.Resolve(parsed.GetValue(_queue), services), services.GetRequiredService<TimeProvider>(), cancel).ConfigureAwait(false);
            return await run(queue, selection, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private async Task<int> ListAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel)
    {
        var rows = new List<(string Number, string Id, string At, string Attempts, string Job, string Reason)> { ("#", "id", "parked", "attempts", "job", "reason") };
        await foreach (var job in queue.ReadAsync(cancel).ConfigureAwait(false))
            rows.Add((job.Number.ToString(CultureInfo.InvariantCulture), job.Id, job.ParkedAt, job.Attempts, Printable.OneLine(job.Job), job.Reason.ReplaceLineEndings(" ⏎ ")));

        _terminal.Line($"{queue.Name} holds {(rows.Count - 1).ToString(CultureInfo.InvariantCulture)} {(rows.Count is 2 ? "job" : "jobs")}");
        if (rows.Count is 1) return ExitCodes.Done;
        var (number, at, attempts, id) = (rows.Max(row => row.Number.Length), rows.Max(row => row.At.Length), rows.Max(row => row.Attempts.Length), rows.Max(row => row.Job.Length));
        foreach (var row in rows)
        {
            _terminal.Line(
                ($" {row.Number.PadLeft(number)}  {row.Id.PadRight(8)}  ", row == rows[0] ? Color.Grey : Color.Yellow),
                ($"{row.At.PadRight(at)}  {row.Attempts.PadRight(attempts)}  {row.Job.PadRight(id)}  ", Color.Grey),
                (row.Reason, row == rows[0] ? Color.Grey : Color.Default));
        }
        return ExitCodes.Done;
    }

    private Task<int> ShowAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) => EachAsync(queue, selection, job =>
    {
        foreach (var (key, value) in new (string, string?)[]
        {
            ("id", $"{job.Id}, number {job.Number} of {queue.Count}"), ("reason", job.Reason), ("parked", job.ParkedAt), ("attempts", job.Attempts),
            ("job", job.Job), ("reply to", job.Properties.ReplyTo), ("message id", job.Properties.MessageId), ("app id", job.Properties.AppId),
        })
        {
            if (value is not null) _terminal.Line(($" {key,-11} ", Color.Grey), (value.ReplaceLineEndings(" ⏎ "), Color.Default));
        }
        foreach (var (key, value) in job.Properties.Headers ?? new Dictionary<string, object?>()) _terminal.Line((" header      ", Color.Grey), ($"{key}: {DeadJob.Text(value)}", Color.Default));
        foreach (var line in Body(job.Body).Split('\n')) _terminal.Line((" │ ", Color.Grey), (line, Color.Default));
        return Task.CompletedTask;
    }, "", cancel);

    private Task<int> ReplayAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) => EachAsync(queue, selection, async job =>
    {
        await queue.ReplayAsync(job).ConfigureAwait(false);
        _terminal.Line((" replayed  ", Color.Green), ($"{job.Id}  {job.Job}", Color.Default));
    }, "replayed", cancel);

    private Task<int> DropAsync(DeadQueue queue, DeadSelection selection, CancellationToken cancel) => EachAsync(queue, selection, async job =>
    {
        await queue.DropAsync(job).ConfigureAwait(false);
        _terminal.Line((" dropped   ", Color.Red), ($"{job.Id}  {job.Job}", Color.Default));
    }, "dropped", cancel);

    private async Task<int> EachAsync(DeadQueue queue, DeadSelection selection, Func<DeadJob, Task> action, string done, CancellationToken cancel)
    {
        var count = 0;
        try
        {
            await foreach (var job in queue.ReadAsync(cancel).ConfigureAwait(false))
            {
                if (!selection.Takes(job)) continue;
                await action(job).ConfigureAwait(false);
                count++;
            }
            await queue.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            if (done.Length > 0) _terminal.Line($"{queue.Name}: {count.ToString(CultureInfo.InvariantCulture)} of {queue.Count} {done}");
        }
        foreach (var missing in selection.Missing) _terminal.Error($"there is no parked job '{missing}' in {queue.Name}: `dead list` lists them");
        return selection.Missing.Any() ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static string Body(byte[] body)
    {
        try
        {
            var json = JsonElement.Parse(body);
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) json.WriteTo(writer);
            return Encoding.UTF8.GetString(buffer.ToArray());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }
}
