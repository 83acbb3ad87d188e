using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ReWorker.Telemetry;

/// <summary>Every instrument of the runtime: name, unit, description. Durations are in seconds.</summary>
internal sealed class Instruments : IDisposable
{
    /// <summary>The name of the meter and of the source of traces.</summary>
    public const string Name = "ReWorker";

    /// <summary>A job's span continues its requester's trace; every message that the job sends carries it on.</summary>
    public static readonly ActivitySource Traces = new(Name);

    private readonly Meter _meter;
    private volatile bool _connected;
    private int _inHand;

    public Instruments(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        Jobs = _meter.CreateCounter<long>("reworker.jobs", "{job}", "Jobs that reached their end, by worker and outcome: completed, failed, refused, handed_back.");
        JobDuration = _meter.CreateHistogram("reworker.job.duration", "s", "Time the step's code took, by worker and outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });
        Deliveries = _meter.CreateCounter<long>("reworker.deliveries", "{delivery}", "Deliveries by kind: fresh, redelivered, adopted (its job still runs here), duplicate (its job ended here).");
        Reconnects = _meter.CreateCounter<long>("reworker.reconnects", "{reconnect}", "Epochs that ended other than by a stop, by reason.");
        ConnectFailures = _meter.CreateCounter<long>("reworker.connect.failures", "{attempt}", "Attempts to connect that failed.");
        Outage = _meter.CreateHistogram<double>("reworker.outage.duration", "s", "Time from the loss of a connection to consuming again.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });
        Confirms = _meter.CreateCounter<long>("reworker.publish.confirms", "{message}", "Messages that the broker settled, by result: confirmed, refused, unroutable.");
        Unroutable = _meter.CreateCounter<long>("reworker.publish.unroutable", "{message}", "Messages that no queue took, by kind: status, output, notification, sent, parked.");
        Parked = _meter.CreateCounter<long>("reworker.jobs.parked", "{job}", "Jobs put into the dead-letter queue, by worker.");
        _meter.CreateObservableGauge("reworker.connection.up", () => _connected ? 1 : 0, "{connection}", "1 while the worker consumes and publishes, else 0.");
        _meter.CreateObservableGauge("reworker.jobs.in_hand", () => Volatile.Read(ref _inHand), "{job}", "Jobs whose code runs now.");
    }

    public Counter<long> Jobs { get; }
    public Histogram<double> JobDuration { get; }
    public Counter<long> Deliveries { get; }
    public Counter<long> Reconnects { get; }
    public Counter<long> ConnectFailures { get; }
    public Histogram<double> Outage { get; }
    public Counter<long> Confirms { get; }
    public Counter<long> Unroutable { get; }
    public Counter<long> Parked { get; }

    public bool Connected { set => _connected = value; }

    public void JobStarted() => Interlocked.Increment(ref _inHand);

    public void JobEnded() => Interlocked.Decrement(ref _inHand);

    public void Dispose() => _meter.Dispose();
}
