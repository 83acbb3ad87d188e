using System.Diagnostics.Metrics;

namespace ReWorker.Telemetry;

/// <summary>
/// Every instrument of the runtime, with its name, unit and description. Durations are in seconds. Names and labels
/// follow OpenTelemetry's messaging conventions where these define them; others start with <c>reworker.</c>.
/// </summary>
internal sealed class Instruments : IDisposable
{
    private static readonly double[] JobSeconds =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
    private static readonly double[] OutageSeconds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

    private readonly Meter _meter;
    private readonly ConcurrentDictionary<string, bool> _queues = [];
    private readonly ConcurrentDictionary<string, long> _queueLengths = [];
    private int _inFlight;

    /// <param name="health">The source of the gauges; null where nothing connects.</param>
    public Instruments(IMeterFactory meters, HealthState? health = null)
    {
        _meter = meters.Create(Traces.Name);
        Jobs = Counter("reworker.jobs", "{job}",
            "Jobs by worker and outcome: completed, failed, invalid (rejected before the step's code ran), requeued "
            + "(it runs again), republished (put back with a count of its attempts).");
        JobDuration = Histogram("messaging.process.duration", JobSeconds,
            "Time from the start of a job to the end of the step's code, by queue; error_type is the outcome unless "
            + "the job completed.");
        Deliveries = Counter("reworker.deliveries", "{delivery}",
            "Deliveries by kind: fresh, redelivered, adopted (its job is in flight here), duplicate (its job has ended "
            + "here).");
        Reconnects = Counter("reworker.reconnects", "{reconnect}",
            "Lost connections by reason: connection, channel, consumer_cancelled, confirm_timeout, publishing, "
            + "not_consuming.");
        ConnectFailures = Counter("reworker.connect.failures", "{attempt}", "Failed attempts to connect.");
        Outage = Histogram("reworker.outage.duration", OutageSeconds,
            "Time from a lost connection to consuming again.");
        Sent = Counter("messaging.client.sent.messages", "{message}",
            "Messages that the broker confirmed; error_type is nacked (sent again) or unroutable (no queue takes it).");
        Unroutable = Counter("reworker.publish.unroutable", "{message}",
            "Messages that no queue took, by kind: status, output, notification, sent, parked.");
        Parked = Counter("reworker.jobs.parked", "{job}", "Jobs moved to the dead-letter queue, by worker.");
        DroppedLines = Counter("reworker.output.dropped", "{line}", "Lines that a step wrote after its job's end.");
        Gauge("reworker.jobs.in_flight", "{job}", () => Volatile.Read(ref _inFlight), "Jobs whose code is running.");
        _meter.CreateObservableGauge("reworker.queue.messages",
            () => _queueLengths.Select(queue => Measure(queue.Value, queue.Key)), "{message}",
            "Messages ready in a queue or its dead-letter queue, as the broker counted them some seconds ago.");
        if (health is null) return;
        Gauge("reworker.connection.up", "{connection}", () => health.IsConnected ? 1 : 0,
            "1 while the worker is connected, else 0.");
        Gauge("reworker.publish.blocked", "{connection}",
            () => health.IsConnected && !health.IsHealthy(HealthState.Broker) ? 1 : 0,
            "1 while an alarm of the broker blocks publishing, else 0.");
        _meter.CreateObservableGauge("reworker.consuming", () => _queues.Keys.Select(queue =>
                Measure(health.IsConnected && health.IsHealthy(HealthState.Queue(queue)) ? 1 : 0, queue)), "{consumer}",
            "1 while jobs of the queue reach this worker, else 0.");
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
    public Counter<long> DroppedLines { get; }

    // sets what alerts watch to 0: a counter that starts with its first event shows no increase
    public void InitializeCounters(string worker, string queue, IEnumerable<string> outcomes)
    {
        _queues[queue] = true;
        Parked.Add(0, new KeyValuePair<string, object?>("worker", worker));
        foreach (var outcome in outcomes) Jobs.Add(0, new("worker", worker), new("outcome", outcome));
        foreach (var reason in Enum.GetValues<LossReason>().Where(reason => reason is not LossReason.Stopped))
            Reconnects.Add(0, new KeyValuePair<string, object?>("reason", MetricLabel.For(reason)));
        ConnectFailures.Add(0);
    }

    public void JobStarted() => Interlocked.Increment(ref _inFlight);
    public void JobEnded() => Interlocked.Decrement(ref _inFlight);
    public void SetQueueLength(string queue, long messages) => _queueLengths[queue] = messages;
    public void Dispose() => _meter.Dispose();

    private Counter<long> Counter(string name, string unit, string description) =>
        _meter.CreateCounter<long>(name, unit, description);

    private Histogram<double> Histogram(string name, double[] boundaries, string description) =>
        _meter.CreateHistogram(name, "s", description,
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private void Gauge(string name, string unit, Func<int> observe, string description) =>
        _meter.CreateObservableGauge(name, observe, unit, description);

    private static Measurement<long> Measure(long value, string queue) =>
        new(value, new KeyValuePair<string, object?>("queue", queue));
}
