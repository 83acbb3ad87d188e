namespace ReWorker.Health;

/// <summary>Whether one part of the worker is healthy, why, and since when.</summary>
internal sealed record PartHealth(bool IsHealthy, string Detail, DateTimeOffset Since);

/// <summary>
/// The parts that readiness and liveness consist of. The supervisor and the probe write them; the endpoints read them.
/// </summary>
internal sealed class HealthState(IOptions<BrokerOptions> options, TimeProvider time)
{
    public const string Connection = "connection";
    public const string Broker = "broker";
    public const string Worker = "worker";
    public const string Supervisor = "supervisor";

    // longer than any single step of the supervisor, such as opening or closing the connections
    private readonly TimeSpan _maxSilence =
        TimeSpan.FromSeconds(Math.Max(options.Value.ConnectTimeout.TotalSeconds, 10) + 10);

    private readonly ConcurrentDictionary<string, PartHealth> _parts = [];
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private long _tick = time.GetTimestamp();

    public IReadOnlyDictionary<string, PartHealth> Parts =>
        new Dictionary<string, PartHealth>(_parts) { [Supervisor] = SupervisorHealth() };

    public bool IsReady => !_parts.IsEmpty && _parts.Values.All(part => part.IsHealthy) && IsLive;
    public bool IsConnected => IsHealthy(Connection);

    /// <summary>False if the supervisor hangs: then only a restart helps.</summary>
    public bool IsLive => time.GetElapsedTime(Volatile.Read(ref _tick)) < _maxSilence;

    /// <summary>The part that tells whether a queue's jobs reach this worker.</summary>
    public static string Queue(string queue) => $"queue {queue}";

    public bool IsHealthy(string part) => _parts.TryGetValue(part, out var health) && health.IsHealthy;

    /// <summary>Called by the supervisor at least every few seconds.</summary>
    public void Tick() => Volatile.Write(ref _tick, time.GetTimestamp());

    public void Set(string part, bool isHealthy, string detail)
    {
        var now = new PartHealth(isHealthy, detail, time.GetUtcNow());
        _parts.AddOrUpdate(part, now, (_, old) => old.IsHealthy == isHealthy ? now with { Since = old.Since } : now);
    }

    private PartHealth SupervisorHealth() => IsLive
        ? new PartHealth(true, "running", _startedAt)
        : new PartHealth(false, "hangs: restart the process", time.GetUtcNow() - time.GetElapsedTime(_tick));
}
