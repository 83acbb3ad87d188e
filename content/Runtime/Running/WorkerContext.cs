using ReWorker.Publishing;
using ReWorker.Telemetry;
using ReWorker.Wire.Contract;

namespace ReWorker.Running;

/// <summary>What it takes to run one worker's jobs.</summary>
internal sealed record WorkerContext(string Name, Worker Worker, WorkerOptions Options, IPublisher Publisher, Instruments Instruments, TimeProvider Time)
{
    /// <summary>The class name in lower case, in every message.</summary>
    public string AppId { get; } = Name.ToLowerInvariant();

    public string Queue { get; } = Names.Queue(Options.Queue);
}
