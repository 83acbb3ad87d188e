using System.Globalization;
using RabbitMQ.Client;
using ReWorker.Bench.Load;
using ReWorker.Bench.Workers;
using ReWorker.TestKit;

namespace ReWorker.Bench.Running;

/// <summary>A worker that takes part in the comparison.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Title">Its name in the tables.</param>
/// <param name="IsOurs">True for a scaffolded step, false for a worker that this program contains.</param>
/// <param name="Command">The program that runs it.</param>
/// <param name="Guarantee">What it guarantees, and what else it does.</param>
internal sealed record Contestant(string Name, string Title, bool IsOurs, string Command, string Guarantee)
{
    /// <summary>Every worker's prefetch is four times its concurrency.</summary>
    public const int PrefetchPerSlot = 4;

    /// <summary>An environment variable for the process.</summary>
    public (string Name, string Value)? Setting { get; init; }

    /// <summary>True for a worker without a framework.</summary>
    public bool IsByHand => Name.StartsWith("hand", StringComparison.Ordinal);

    public static List<Contestant> All(string stepJit, string? stepAot)
    {
        var self = Environment.ProcessPath!;
        List<Contestant> all =
        [
            new("hand", "hand-tuned RabbitMQ.Client", false, self,
                "Everything that a job sent is confirmed before its acknowledgement. One publish channel, "
                + "pipelined confirms that it tracks itself, batched acknowledgements. Nothing else: it does not "
                + "reconnect, check, limit, drain or report."),
            new("hand-still", "hand-tuned, not spinning", false, self,
                "The same, with a setting that ReWorker's project file has and .NET's defaults do not: an idle "
                + "thread sleeps at once.")
            {
                Setting = ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
            },
            new("jit", "ReWorker", true, stepJit,
                "Everything that a job sent is confirmed before its acknowledgement. Exactly one terminal reply, "
                + "also across lost connections; unconfirmed messages are sent again in order. As scaffolded, with "
                + "health, metrics, traces, the ledger and two connections."),
            new("masstransit", "MassTransit 8.5.12", false, self,
                "Everything that a job sent is confirmed before its acknowledgement: each send is awaited. It "
                + "reconnects. Replies go to the default exchange, output goes through `re`; raw JSON."),
            new("wolverine", "Wolverine 6.62.0", false, self,
                "Everything that a job sent is confirmed before its acknowledgement: inline listener and senders, "
                + "with the client's own confirms. It reconnects. `started` is sent with the rest, after the "
                + "handler. The reply queue is configured, not taken from the job."),
        ];
        if (stepAot is null) return all;
        var aot = all[2] with { Name = "aot", Title = "ReWorker, native (AOT)", Command = stepAot };
        all.Insert(3, aot with { Guarantee = "The same source, compiled ahead of time." });
        return all;
    }

    public WorkerProcess Start(Uri broker, string queue, string replyTo, int concurrency)
    {
        var slots = concurrency.ToString(CultureInfo.InvariantCulture);
        var prefetch = (PrefetchPerSlot * concurrency).ToString(CultureInfo.InvariantCulture);
        string[] arguments = IsOurs ? [] : ["worker", Name, broker.ToString(), queue, replyTo, slots, prefetch];
        var settings = new Dictionary<string, string>();
        if (Setting is { } setting) settings[setting.Name] = setting.Value;
        if (IsOurs)
        {
            settings["ConnectionStrings:rabbitmq"] = broker.ToString();
            settings["Worker:Queue"] = queue.Replace("worker.", "", StringComparison.Ordinal);
            settings["Worker:Concurrency"] = slots;
        }
        return new WorkerProcess(Command, arguments, settings) { Grace = TimeSpan.FromSeconds(40) };
    }

    /// <summary>Sends a job, starts a process for it and returns the milliseconds until the job completed.</summary>
    public async Task<(WorkerProcess Process, double Took)> StartWithJobAsync(
        JobLoad load, Uri broker, string queue, int concurrency)
    {
        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync()) await Queues.DeclareAsync(channel, queue);
        await load.SendAsync(queue, default, default(JobShape).Body());
        WorkerProcess process = null!;
        try
        {
            var took = await load.OnceAsync(
                () =>
                {
                    process = Start(broker, queue, load.ReplyTo, concurrency);
                    return Task.CompletedTask;
                },
                isSent: true);
            return (process, took);
        }
        catch (TimeoutException)
        {
            await process.DisposeAsync();
            throw new InvalidOperationException($"{Name} did not complete its first job: {process.LogText}");
        }
    }

    /// <summary>The bytes that a process has allocated. ReWorker has a metric for it, the others print it.</summary>
    public async Task<double> AllocatedAsync(WorkerProcess process)
    {
        if (IsOurs) return (await process.MetricsAsync()).Sum("dotnet_gc_heap_total_allocated_bytes_total");
        var answers = process.Count(PeerProcess.Allocated);
        await process.Input.WriteLineAsync();
        while (process.Count(PeerProcess.Allocated) == answers) await Task.Delay(1);
        var answer = process.LogLines(PeerProcess.Allocated)[answers];
        return double.Parse(answer[PeerProcess.Allocated.Length..], CultureInfo.InvariantCulture);
    }
}
