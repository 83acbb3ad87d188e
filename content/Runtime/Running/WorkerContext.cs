namespace ReWorker.Running;

/// <summary>What the jobs of one worker need to run.</summary>
internal sealed record WorkerContext(
    Worker Worker, WorkerOptions Options, IPublisher Publisher, Instruments Instruments, TimeProvider Time, ILogger Log)
{
    public string Name { get; } = Worker.GetType().Name;
    public string AppId { get; } = Worker.GetType().Name.ToLowerInvariant(); // in every message
    public string Queue { get; } = Names.Queue(Options.Queue);
    public IReadOnlyList<string> RoutingKeys { get; } = [Names.Queue(Options.Queue), .. Worker.RoutingKeys];
}
