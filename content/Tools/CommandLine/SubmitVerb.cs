using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Client;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Tools.CommandLine;

/// <summary>Plays the requester: sends a job and follows it to its end.</summary>
internal static class SubmitVerb
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(20);

    public static Command Create(Terminal terminal, string[] settings)
    {
        var options = new SubmitOptions();
        var command = new Command("submit", "Sends a job and follows it. Exit status: 0 completed, 1 failed, 2 no answer in time; with --count the worst of all.");
        foreach (var option in options.All) command.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(options.Concurrency) is not null && parsed.GetValue(options.Count) is null) throw new UsageException("--concurrency needs --count");
            await using var services = WorkerHost.Services(settings);
            var body = SubmitJob.Read(parsed, options, terminal.Input).ToJsonString();
            var queue = QueueName.Resolve(parsed.GetValue(options.Queue), services);
            var timeout = parsed.GetValue(options.Timeout) ?? DefaultTimeout;
            JobRequest Next() => new() { Queue = queue, Body = JsonNode.Parse(body), Timeout = timeout };
            Check(Next());

            var isQuiet = parsed.GetValue(options.Quiet);
            IJobEventWriter follower = parsed.GetValue(options.Json) ? new JsonEventWriter(terminal, isQuiet) : new TextEventWriter(terminal, isQuiet);
            var count = parsed.GetValue(options.Count);
            await using var client = services.CreateJobClient(new JobClientOptions { FollowOutput = !isQuiet && count is null, QueueTimeout = QueueTimeout });
            var said = "";
            client.OnTrouble = trouble =>
            {
                if (Interlocked.Exchange(ref said, trouble) != trouble) terminal.Error($"waiting: {trouble}");
            };
            var time = services.GetRequiredService<TimeProvider>();
            return count is { } many
                ? await new SubmitMany(client, follower, terminal, time).RunAsync(Next, many, parsed.GetValue(options.Concurrency) ?? 16, cancel).ConfigureAwait(false)
                : await FollowAsync(client, Next(), follower, time, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> FollowAsync(JobClient client, JobRequest job, IJobEventWriter follower, TimeProvider time, CancellationToken cancel)
    {
        using var trace = Traces.StartCommand("submit");
        var began = time.GetTimestamp();
        var code = ExitCodes.Failed;
        try
        {
            await foreach (var heard in client.SendAsync(job, cancel).ConfigureAwait(false))
            {
                follower.Show(job, heard, time.GetElapsedTime(began));
                if (heard is JobEvent.Completed) code = ExitCodes.Done;
            }
            return code;
        }
        catch (Exception e) when (e is TimeoutException or JobNotDeliveredException)
        {
            follower.NoAnswer(job, e.Message);
            return ExitCodes.NoAnswer;
        }
    }

    private static void Check(JobRequest job)
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
