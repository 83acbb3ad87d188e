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

    public static Command Create(Terminal terminal, string[] settings)
    {
        var verb = new DeadVerb(terminal, settings);
        return new Command("dead", "Handles jobs that no worker could finish. They are parked in worker.<queue>.dead.")
        {
            verb._queue,
            verb.With(new("list", "Lists the parked jobs, oldest first, with the reason."), verb.ListAsync),
            verb.With(new("show", "Shows everything about jobs.") { verb._jobs }, verb.ShowAsync),
            verb.With(new("replay", "Requeues jobs.") { verb._jobs, verb._all }, verb.ReplayAsync, "replayed"),
            verb.With(new("drop", "Deletes jobs.") { verb._jobs, verb._all }, verb.DropAsync, "dropped"),
        };
    }

    private Command With(Command command, Func<DeadQueue, DeadJob, Task> handle, string? done = null)
    {
        command.SetAction((parsed, cancel) => RunAsync(parsed, handle, done, cancel));
        return command;
    }

    private async Task<int> RunAsync(
        ParseResult parsed, Func<DeadQueue, DeadJob, Task> handle, string? done, CancellationToken cancel)
    {
        var verb = parsed.CommandResult.Command.Name;
        var isList = verb is "list";
        var selection = new DeadSelection(verb, parsed.GetValue(_jobs) ?? [], all: isList || parsed.GetValue(_all));
        await using var services = WorkerHost.CreateServices(settings);
        await using var queue = await DeadQueue.OpenAsync(services, _queue.Resolve(parsed, services), cancel);
        if (isList) terminal.Line($"{queue.Name} holds {queue.Count} {(queue.Count is 1 ? "job" : "jobs")}");
        var count = 0;
        try
        {
            await foreach (var job in queue.ReadAsync(cancel))
            {
                if (!selection.Includes(job)) continue;
                await handle(queue, job);
                count++;
            }
            await queue.FlushAsync();
        }
        finally
        {
            if (done is not null) terminal.Line($"{queue.Name}: {count} of {queue.Count} {done}");
        }
        foreach (var missing in selection.Missing)
            terminal.Error($"no parked job '{missing}' in {queue.Name}; `dead list` shows them");
        return selection.Missing.Any() ? ExitCodes.Failed : ExitCodes.Success;
    }

    private Task ListAsync(DeadQueue queue, DeadJob job)
    {
        var width = $"{queue.Count}".Length;
        string Columns(string number, string id, string parkedAt, string attempts, string name) =>
            $" {number.PadLeft(width)}  {id,-DeadJob.IdLength}  {parkedAt,-20}  {attempts,-8}  {name,-26}  ";
        if (job.Number is 1) terminal.Line(($"{Columns("#", "id", "parked", "attempts", "job")}reason", Color.Grey));
        var row = Columns($"{job.Number}", job.Id, job.ParkedAt, job.Attempts, Printable.OneLine(job.CorrelationId));
        terminal.Line((row, Color.Grey), Terminal.Flatten(job.Reason));
        return Task.CompletedTask;
    }

    private Task ShowAsync(DeadQueue queue, DeadJob job)
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
    }

    private void Show(string label, string? value)
    {
        if (value is not null) terminal.Line(($" {label,-11} ", Color.Grey), Terminal.Flatten(value));
    }

    private async Task ReplayAsync(DeadQueue queue, DeadJob job)
    {
        await queue.ReplayAsync(job);
        terminal.Line((" replayed  ", Color.Green), $"{job.Id}  {job.CorrelationId}");
    }

    private async Task DropAsync(DeadQueue queue, DeadJob job)
    {
        await queue.DropAsync(job);
        terminal.Line((" dropped   ", Color.Red), $"{job.Id}  {job.CorrelationId}");
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
