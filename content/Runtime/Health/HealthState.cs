using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ReWorker.Wire.Connections;

namespace ReWorker.Health;

/// <summary>How one part of the worker is, and since when.</summary>
internal sealed record PartHealth(bool IsWell, string Detail, DateTimeOffset Since);

/// <summary>What readiness and liveness are made of; written by the supervisor and the probe, read by the endpoints.</summary>
internal sealed class HealthState(IOptions<BrokerOptions> options, TimeProvider time)
{
    public const string Connection = "connection";
    public const string Broker = "broker";
    public const string Process = "worker";
    public const string Supervisor = "supervisor";

    /// <summary>Longer than any single step of the supervisor's may take without a sign of life: to open connections, or to close them.</summary>
    private readonly TimeSpan _silence = TimeSpan.FromSeconds(Math.Max(options.Value.ConnectTimeout.TotalSeconds, 10)) + TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PartHealth> _parts = [];
    private readonly DateTimeOffset _began = time.GetUtcNow();
    private long _tick = time.GetTimestamp();

    public IReadOnlyDictionary<string, PartHealth> Parts => new Dictionary<string, PartHealth>(_parts) { [Supervisor] = OfSupervisor() };

    public bool IsReady => !_parts.IsEmpty && _parts.Values.All(part => part.IsWell) && IsLive;

    /// <summary>False when the supervisor shows no sign of life: only a restart helps then.</summary>
    public bool IsLive => time.GetElapsedTime(Volatile.Read(ref _tick)) < _silence;

    /// <summary>The part that says whether a queue's jobs reach this worker.</summary>
    public static string Queue(string queue) => $"queue {queue}";

    public bool IsWell(string part) => _parts.TryGetValue(part, out var one) && one.IsWell;

    /// <summary>The supervisor lives.</summary>
    public void Tick() => Volatile.Write(ref _tick, time.GetTimestamp());

    public void Set(string part, bool isWell, string detail) => _parts.AddOrUpdate(
        part,
        _ => new PartHealth(isWell, detail, time.GetUtcNow()),
        (_, old) => old.IsWell == isWell ? old with { Detail = detail } : new PartHealth(isWell, detail, time.GetUtcNow()));

    private PartHealth OfSupervisor() => IsLive
        ? new PartHealth(true, "shows signs of life", _began)
        : new PartHealth(false, "no sign of life: only a restart helps", time.GetUtcNow() - time.GetElapsedTime(Volatile.Read(ref _tick)));
}
