namespace ReWorker.Tools.CommandLine;

/// <summary>Acts as the requester: sends a job and follows it to its end.</summary>
internal sealed class SubmitVerb(Terminal terminal, string[] settings)
{
    private const string Description =
        "Sends a job and follows it. Exit code: 0 completed, 1 failed, 2 no answer in time; the worst with --count.";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(20);

    private readonly SubmitOptions _options = new();

    public static Command Create(Terminal terminal, string[] settings)
    {
        var verb = new SubmitVerb(terminal, settings);
        var command = new Command("submit", Description);
        foreach (var option in verb._options.All) command.Add(option);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (count, concurrency) = (parsed.GetValue(_options.Count), parsed.GetValue(_options.Concurrency));
        if (concurrency is not null && count is null) throw new UsageException("--concurrency needs --count");
        await using var services = WorkerHost.CreateServices(settings);
        var body = JobBody.Create(parsed, _options, terminal.Input).ToJsonString();
        var queue = _options.Queue.Resolve(parsed, services);
        var timeout = parsed.GetValue(_options.Timeout) ?? DefaultTimeout;
        JobRequest NextJob() => new() { Queue = queue, Body = JsonNode.Parse(body), Timeout = timeout };
        Validate(NextJob());

        var isQuiet = parsed.GetValue(_options.Quiet);
        IJobEventWriter writer = parsed.GetValue(_options.Json)
            ? new JsonEventWriter(terminal, isQuiet)
            : new TextEventWriter(terminal, isQuiet);
        await using var client = services.CreateJobClient(
            new() { FollowOutput = !isQuiet && count is null, QueueTimeout = QueueTimeout });
        var lastTrouble = "";
        client.OnTrouble = trouble =>
        {
            if (Interlocked.Exchange(ref lastTrouble, trouble) != trouble) terminal.Error($"waiting: {trouble}");
        };
        var time = services.GetRequiredService<TimeProvider>();
        if (count is null) return await FollowAsync(client, NextJob(), writer, time, cancel);
        var many = new SubmitMany(client, writer, terminal, time);
        return await many.RunAsync(NextJob, count.Value, concurrency ?? 16, cancel);
    }

    private static async Task<int> FollowAsync(
        JobClient client, JobRequest job, IJobEventWriter writer, TimeProvider time, CancellationToken cancel)
    {
        using var trace = Traces.StartCommand("submit");
        var startedAt = time.GetTimestamp();
        var code = ExitCodes.Failed;
        try
        {
            await foreach (var jobEvent in client.SendAsync(job, cancel))
            {
                writer.Write(job, jobEvent, time.GetElapsedTime(startedAt));
                if (jobEvent is JobEvent.Completed) code = ExitCodes.Success;
            }
            return code;
        }
        catch (Exception e) when (e is TimeoutException or JobNotDeliveredException)
        {
            writer.WriteNoAnswer(job, e.Message);
            return ExitCodes.NoAnswer;
        }
    }

    private static void Validate(JobRequest job)
    {
        try
        {
            job.ToBytes();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }
}
