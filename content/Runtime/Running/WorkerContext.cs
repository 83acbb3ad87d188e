using ReWorker.Publishing;
using ReWorker.Telemetry;

namespace ReWorker.Running;

/// <summary>What the jobs of one worker need to run.</summary>
internal sealed record WorkerContext(
    Worker Worker, WorkerOptions Options, IPublisher Publisher, Instruments Instruments, TimeProvider Time, ILogger Log)
{
    /// <summary>The class name.</summary>
    public string Name { get; } = Worker.GetType().Name;

    /// <summary>The class name in lower case, in every message.</summary>
    public string AppId { get; } = Worker.GetType().Name.ToLowerInvariant();

    public string Queue { get; } = Names.Queue(Options.Queue);

    /// <summary>The keys that the queue is bound to, its own name first.</summary>
    public IReadOnlyList<string> RoutingKeys { get; } = [Names.Queue(Options.Queue), .. Worker.RoutingKeys];
}
