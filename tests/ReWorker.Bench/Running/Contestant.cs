using System.Globalization;

namespace ReWorker.Bench.Running;

/// <summary>One of the workers that are compared.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Title">In the table.</param>
/// <param name="IsOurs">A scaffolded step; else a worker of this program's own.</param>
/// <param name="Command">What starts it.</param>
/// <param name="Guarantee">What it promises, and what it does besides.</param>
internal sealed record Contestant(string Name, string Title, bool IsOurs, string Command, string Guarantee)
{
    /// <summary>Prefetch is four times the concurrency, for all.</summary>
    public const int PrefetchPerSlot = 4;

    /// <summary>In its environment.</summary>
    public (string Name, string Value)? Setting { get; init; }

    /// <summary>Written by hand, not on a framework.</summary>
    public bool IsByHand => Name.StartsWith("hand", StringComparison.Ordinal);

    public static List<Contestant> All(string stepJit, string? stepAot)
    {
        var self = Environment.ProcessPath!;
        List<Contestant> all =
        [
            new("hand", "hand-tuned RabbitMQ.Client", false, self,
                "Everything that a job sent is confirmed before its ack. One publish channel, pipelined confirms that it counts itself, acks that go out together. Nothing else: it does not reconnect, check, limit, drain or report."),
            new("hand-still", "hand-tuned, not spinning", false, self,
                "The same, with one setting that ReWorker's project file has and .NET's defaults have not: a thread without work sleeps at once.")
            {
                Setting = ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
            },
            new("jit", "ReWorker", true, stepJit,
                "Everything that a job sent is confirmed before its ack; exactly one terminal reply, also across lost connections; what is in doubt is sent again in order. As scaffolded, with health, metrics, traces, the ledger, two connections."),
            new("masstransit", "MassTransit 8.5.12", false, self,
                "Everything that a job sent is confirmed before its ack: each send is awaited. It reconnects. Replies go to the default exchange, output through `re`; raw JSON."),
            new("wolverine", "Wolverine 6.62.0", false, self,
                "Everything that a job sent is confirmed before its ack: inline listener and senders, with the client's own confirms. It reconnects. `started` is sent with the rest, after the handler; the reply queue is configured, not taken from the job."),
        ];
        if (stepAot is not null) all.Insert(3, all[2] with { Name = "aot", Title = "ReWorker, native (AOT)", Command = stepAot, Guarantee = "The same source, compiled ahead of time." });
        return all;
    }

    public IReadOnlyList<string> Arguments(Uri broker, string queue, string replyTo, int concurrency) => IsOurs
        ? []
        : ["worker", Name, broker.ToString(), queue, replyTo, concurrency.ToString(CultureInfo.InvariantCulture), (PrefetchPerSlot * concurrency).ToString(CultureInfo.InvariantCulture)];
}
