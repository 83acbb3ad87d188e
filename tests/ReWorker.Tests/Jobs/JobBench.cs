using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A worker's jobs without a broker and on fake time: what they send, log and measure.</summary>
internal sealed class JobBench : IDisposable
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<string> _measured = [];
    private readonly WorkerContext _context;
    private long _inFlight;
    private ulong _tag;

    public JobBench(
        Func<Job, CancellationToken, Task<object?>> code, Action<WorkerOptions>? set = null, params string[] dynamic)
        : this(new FrobWorker(new Frob((_, job, cancel) => code(job, cancel), dynamic)), set)
    {
    }

    public JobBench(Worker worker, Action<WorkerOptions>? set = null)
    {
        Options.Queue = "frob";
        set?.Invoke(Options);
        var factory = _services.GetRequiredService<IMeterFactory>();
        Instruments = new Instruments(factory);
        _context = new WorkerContext(worker, Options, Bus, Instruments, Time, Logs.CreateLogger("jobs"));
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) =>
        {
            if (instrument.Name == "reworker.jobs.in_flight") _inFlight = value;
        });
        _listener.Start();
    }

    /// <summary>A worker whose step returns null at once.</summary>
    public static JobBench Idle(Action<WorkerOptions>? set = null) =>
        new((_, _) => Task.FromResult<object?>(null), set);

    public JobBus Bus { get; } = new();
    public JobTime Time { get; } = new();
    public LogRecords Logs { get; } = new();
    public WorkerOptions Options { get; } = new();
    public Instruments Instruments { get; }
    public Ledger Ledger { get; } = new();

    /// <summary>Counts and durations, as in <c>reworker.jobs worker=FrobWorker outcome=failed: 1</c>.</summary>
    public IReadOnlyList<string> Measured
    {
        get
        {
            lock (_measured) return [.. _measured];
        }
    }

    /// <summary>The gauge of jobs whose code is running.</summary>
    public long InFlight
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _inFlight;
        }
    }

    public Runner CreateRunner() => new(_context);

    /// <summary>What the log says under an id: level and text.</summary>
    public IReadOnlyList<(LogLevel Level, string Text)> Logged(int id) =>
        [.. Logs.WithId(id).Select(record => (record.Level, record.Message))];

    public Delivery Deliver(
        string body = "{}", bool redelivered = false, Dictionary<string, object?>? headers = null,
        string? replyTo = "replies", string? id = "job")
    {
        var properties = new BasicProperties { Headers = headers };
        if (id is not null) properties.CorrelationId = id;
        if (replyTo is not null) properties.ReplyTo = replyTo;
        var info = new DeliveryInfo("tag", ++_tag, redelivered, "re", "worker.frob");
        return new Delivery(Bus, info, properties, Encoding.UTF8.GetBytes(body));
    }

    /// <summary>A job that no ledger knows, brought into a state.</summary>
    public InFlightJob InState(string state)
    {
        var job = new InFlightJob(Deliver());
        if (state is "Waiting") return job;
        job.TryStart();
        if (state is "AwaitingRedelivery") job.MarkLost();
        if (state is "Ending" or "Ended") job.MarkEnding();
        if (state is "Ended") job.Complete(Settlement.Ack);
        Assert.Equal(state, $"{job.State}");
        return job;
    }

    /// <summary>Registers and starts a delivery's job.</summary>
    public InFlightJob Start(Delivery delivery)
    {
        Ledger.Register(delivery, out _);
        delivery.Job!.TryStart();
        return delivery.Job!;
    }

    /// <summary>Runs a job to the end of its code.</summary>
    public Task<Outcome> ExecuteAsync(InFlightJob job, CancellationTokenSource? abort = null) =>
        new JobExecution(_context).RunAsync(job, abort?.Token ?? default).WaitAsync(MaxWait, CancellationToken.None);

    public Task EndAsync(InFlightJob job, Outcome outcome) =>
        new JobEnding(_context).EndAsync(job, outcome).WaitAsync(MaxWait, CancellationToken.None);

    /// <summary>Runs a job until it is settled.</summary>
    public async Task<InFlightJob> RunAsync(Delivery delivery, CancellationTokenSource? abort = null)
    {
        var job = Start(delivery);
        await EndAsync(job, await ExecuteAsync(job, abort));
        return job;
    }

    public Outcome? Check(InFlightJob job, out Job? typed)
    {
        job.Messages = new Publishing.JobMessages(Bus, job.CorrelationId, "replies", "frobworker", Time);
        return new JobCheck(_context).Run(job, out typed);
    }

    public void Dispose()
    {
        _listener.Dispose();
        Instruments.Dispose();
        _services.Dispose();
        Logs.Dispose();
    }

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
        lock (_measured) _measured.Add(FormattableString.Invariant($"{instrument.Name} {labels}: {value}"));
    }
}
