using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Running;

/// <summary>
/// Runs one worker's jobs, in slots of its own, outside the client's callbacks. It outlives connections: a job goes on
/// while they come and go. A slot is free again when the step's code ends; confirms and the ack follow by themselves.
/// </summary>
internal sealed partial class Runner : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly WorkerContext _parts;
    private readonly ILogger _log;
    private readonly JobRun _run;
    // a free slot checks the job on the thread that brings it, and hands the step's code over to the pool
    private readonly Channel<InFlightJob> _waiting = Channel.CreateUnbounded<InFlightJob>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
    private readonly CancellationTokenSource _abort = new();
    private volatile bool _draining;
    private int _running;
    private int _open;

    public Runner(WorkerContext parts, ILogger log)
    {
        (_parts, _log) = (parts, log);
        _run = new JobRun(parts, Ledger, log);
    }

    public Ledger Ledger { get; } = new();

    public string Name => _parts.Name;

    public string Queue => _parts.Queue;

    /// <summary>The keys that bring jobs from the exchange; a worker's own queue name among them.</summary>
    public IReadOnlyList<string> RoutingKeys => [Queue, .. _parts.Worker.RoutingKeys];

    public int Prefetch => _parts.Options.EffectivePrefetch;

    public WorkerOptions Options => _parts.Options;

    /// <summary>Jobs whose code runs now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>True while a further job would start at once.</summary>
    public bool HasFreeSlot => Running < _parts.Options.Concurrency;

    public void Start()
    {
        _parts.Instruments.Begin(Name, Queue);
        for (var slot = 0; slot < _parts.Options.Concurrency; slot++) _ = Task.Run(WorkAsync);
    }

    public void Accept(Delivery delivery)
    {
        if (_draining)
        {
            delivery.Settle(Settlement.RequeueUncounted);
            return;
        }
        var isNew = Ledger.Register(delivery, out var kind);
        _parts.Instruments.Deliveries.Add(1, new KeyValuePair<string, object?>("kind", Tag(kind)));
        // false once a stop has come in between, which may have looked before this one was there
        if (isNew && !_waiting.Writer.TryWrite(delivery.Job!)) HandBackWaiting();
        if (!isNew) LogKnown(_log, Printable.ForLog(delivery.Properties.CorrelationId), kind is DeliveryKind.Duplicate ? "ended here: it is acknowledged" : "is in hand here: it goes on");
    }

    /// <summary>Takes nothing more, and hands back what has not begun.</summary>
    public void StopTaking()
    {
        _draining = true;
        _waiting.Writer.TryComplete();
        LogDraining(_log, Queue, HandBackWaiting(), Running, _parts.Options.DrainTimeout.TotalSeconds);
    }

    /// <summary>Waits for what runs; after <see cref="WorkerOptions.DrainTimeout"/> it is told to stop and handed back.</summary>
    public async Task DrainAsync(CancellationToken hurry)
    {
        await WaitAsync(() => Running == 0, _parts.Options.DrainTimeout, hurry).ConfigureAwait(false);
        await _abort.CancelAsync().ConfigureAwait(false);
        await WaitAsync(() => Running == 0, TimeSpan.FromSeconds(3), hurry).ConfigureAwait(false);
        // replies on their way: without a broker they can't be awaited for ever
        await WaitAsync(() => Volatile.Read(ref _open) == 0, TimeSpan.FromSeconds(3), hurry).ConfigureAwait(false);
    }

    public void Dispose() => _abort.Dispose();

    private int HandBackWaiting()
    {
        var waiting = Ledger.TakeUnstarted();
        foreach (var job in waiting) job.Delivery.Settle(Settlement.RequeueUncounted);
        return waiting.Count;
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            // counted first: a drain that comes in between must see it
            Interlocked.Increment(ref _running);
            if (!Ledger.TryStart(job))
            {
                Interlocked.Decrement(ref _running);
                continue;
            }
            Interlocked.Increment(ref _open);
            var ending = Task.CompletedTask;
            try
            {
                ending = await _run.ExecuteAsync(job, _abort.Token).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // an owner's listener to traces or metrics, or a log, that throws: that job is delivered again, and the slot lives on
                Ledger.MarkLost(job);
            }
            Interlocked.Decrement(ref _running);
            _ = CloseAsync(ending);
        }
    }

    private async Task CloseAsync(Task ending)
    {
        await ending.ConfigureAwait(false);
        Interlocked.Decrement(ref _open);
    }

    private async Task WaitAsync(Func<bool> done, TimeSpan most, CancellationToken hurry)
    {
        var began = _parts.Time.GetTimestamp();
        while (!done() && _parts.Time.GetElapsedTime(began) < most && !hurry.IsCancellationRequested)
            await Task.Delay(Poll, _parts.Time, CancellationToken.None).ConfigureAwait(false);
    }

    private static string Tag(DeliveryKind kind) => kind switch
    {
        DeliveryKind.Fresh => "fresh",
        DeliveryKind.Redelivered => "redelivered",
        DeliveryKind.Adopted => "adopted",
        _ => "duplicate",
    };

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Job {CorrelationId} was delivered again, and {Fate}")]
    private static partial void LogKnown(ILogger log, string correlationId, string fate);

    [LoggerMessage(EventId = 31, Level = LogLevel.Information, Message = "Stopping {Queue}: {Waiting} jobs that had not begun are handed back, {Running} run on for up to {Seconds} s")]
    private static partial void LogDraining(ILogger log, string queue, int waiting, int running, double seconds);
}
