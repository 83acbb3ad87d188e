using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ReWorker.Health;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Telemetry;

/// <summary>
/// Every instrument of the runtime: name, unit, description. Durations are in seconds. Names and labels are those of OpenTelemetry's
/// messaging conventions where these have one, and <c>reworker.…</c> where not.
/// </summary>
internal sealed class Instruments : IDisposable
{
    private readonly Meter _meter;
    private readonly ConcurrentDictionary<string, bool> _queues = [];
    private readonly ConcurrentDictionary<string, long> _waiting = [];
    private int _inHand;

    /// <param name="health">What the gauges tell of; null where nothing is connected.</param>
    public Instruments(IMeterFactory meters, HealthState? health = null)
    {
        _meter = meters.Create(Traces.Name);
        Jobs = _meter.CreateCounter<long>("reworker.jobs", "{job}", "Jobs by worker and outcome: completed, failed, refused (the step did not see it), handed_back (it runs again), recounted (put back with a count of its attempts).");
        JobDuration = _meter.CreateHistogram("messaging.process.duration", "s", "Time from the start of a job to the end of the step's code, by queue; error_type says how it ended unless it completed.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });
        Deliveries = _meter.CreateCounter<long>("reworker.deliveries", "{delivery}", "Deliveries by kind: fresh, redelivered, adopted (its job is in hand here), duplicate (its job ended here).");
        Reconnects = _meter.CreateCounter<long>("reworker.reconnects", "{reconnect}", "Losses of the broker, by reason: connection, channel, consumer_cancelled, confirm_timeout, publishing, not_consuming.");
        ConnectFailures = _meter.CreateCounter<long>("reworker.connect.failures", "{attempt}", "Attempts to connect that failed.");
        Outage = _meter.CreateHistogram<double>("reworker.outage.duration", "s", "Time from a loss of the broker to consuming again.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });
        Sent = _meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that the broker has answered for; error_type is refused (sent again) or unroutable (no queue takes it).");
        Unroutable = _meter.CreateCounter<long>("reworker.publish.unroutable", "{message}", "Messages that no queue took, by kind: status, output, notification, sent, parked.");
        Parked = _meter.CreateCounter<long>("reworker.jobs.parked", "{job}", "Jobs put into the dead-letter queue, by worker.");
        _meter.CreateObservableGauge("reworker.jobs.in_hand", () => Volatile.Read(ref _inHand), "{job}", "Jobs whose code runs now.");
        _meter.CreateObservableGauge("reworker.queue.messages", () => _waiting.Select(one => Of(one.Value, one.Key)), "{message}", "Messages ready in a queue, the one of the parked jobs too, by the broker's count a few seconds ago.");
        if (health is null) return;
        _meter.CreateObservableGauge("reworker.connection.up", () => health.IsWell(HealthState.Connection) ? 1 : 0, "{connection}", "1 while the worker is connected, else 0.");
        _meter.CreateObservableGauge("reworker.publish.blocked", () => health.IsWell(HealthState.Connection) && !health.IsWell(HealthState.Broker) ? 1 : 0, "{connection}", "1 while an alarm of the broker's holds up what the worker sends, else 0.");
        _meter.CreateObservableGauge("reworker.consuming", () => _queues.Keys.Select(queue => Of(health.IsWell(HealthState.Connection) && health.IsWell(HealthState.Queue(queue)) ? 1 : 0, queue)), "{consumer}", "1 while the queue's jobs reach this worker, else 0.");
    }

    public Counter<long> Jobs { get; }
    public Histogram<double> JobDuration { get; }
    public Counter<long> Deliveries { get; }
    public Counter<long> Reconnects { get; }
    public Counter<long> ConnectFailures { get; }
    public Histogram<double> Outage { get; }
    public Counter<long> Sent { get; }
    public Counter<long> Unroutable { get; }
    public Counter<long> Parked { get; }

    /// <summary>A worker begins. What is counted for alerts stands at 0 from here on: a counter that begins with its first event shows no increase.</summary>
    public void Begin(string worker, string queue)
    {
        _queues[queue] = true;
        Parked.Add(0, new KeyValuePair<string, object?>("worker", worker));
        foreach (var outcome in (string[])["completed", "failed", "refused"]) Jobs.Add(0, new("worker", worker), new("outcome", outcome));
        foreach (var reason in (string[])["connection", "channel", "consumer_cancelled", "confirm_timeout", "publishing", "not_consuming"]) Reconnects.Add(0, new KeyValuePair<string, object?>("reason", reason));
        ConnectFailures.Add(0);
    }

    public void JobStarted() => Interlocked.Increment(ref _inHand);

    public void JobEnded() => Interlocked.Decrement(ref _inHand);

    /// <summary>So many messages wait in a queue.</summary>
    public void Found(string queue, long messages) => _waiting[queue] = messages;

    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Of(long value, string queue) => new(value, new KeyValuePair<string, object?>("queue", queue));
}
