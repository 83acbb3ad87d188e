namespace ReWorker.Running;

/// <summary>
/// Runs the jobs of one worker in slots, outside the client's callbacks. It outlives connections: jobs continue while
/// connections come and go. A slot is free again when the step's code ends; confirms and acknowledgement follow.
/// </summary>
internal sealed partial class Runner(WorkerContext context) : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly JobExecution _execution = new(context);
    private readonly JobEnding _ending = new(context);

    // a free slot takes the job on the thread that brings it, and runs the owner's code on the pool
    private readonly Channel<InFlightJob> _waiting =
        Channel.CreateUnbounded<InFlightJob>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
    private readonly CancellationTokenSource _abort = new();
    private int _running;
    private int _unsettled;

    public Ledger Ledger { get; } = new();
    public string Name => context.Name;
    public string Queue => context.Queue;
    public IReadOnlyList<string> RoutingKeys => context.RoutingKeys;
    public WorkerOptions Options => context.Options;
    public int Prefetch => Options.EffectivePrefetch;
    public int Running => Volatile.Read(ref _running); // jobs in their step's code
    public bool HasFreeSlot => Running < Options.Concurrency;

    public void Start()
    {
        OutcomeKind[] outcomes = [OutcomeKind.Completed, OutcomeKind.Failed, OutcomeKind.Invalid];
        context.Instruments.InitializeCounters(Name, Queue, outcomes.Select(MetricLabel.For));
        for (var slot = 0; slot < Options.Concurrency; slot++) _ = Task.Run(RunSlotAsync);
    }

    /// <summary>Queues the delivery's job for a slot, or lets a job that is already here continue with it.</summary>
    public void Accept(Delivery delivery)
    {
        var mustRun = Ledger.Register(delivery, out var kind);
        context.Instruments.Deliveries.Add(1, new KeyValuePair<string, object?>("kind", MetricLabel.For(kind)));
        if (kind is DeliveryKind.Adopted) LogAdopted(context.Log, delivery.Properties.CorrelationId);
        if (kind is DeliveryKind.Duplicate) LogDuplicate(context.Log, delivery.Properties.CorrelationId);
        // fails after a stop, which may have looked before this job was registered
        if (mustRun && !_waiting.Writer.TryWrite(delivery.Job!)) RequeueUnstarted();
    }

    /// <summary>Accepts nothing more, and requeues the jobs that have not started.</summary>
    public void StopAccepting()
    {
        _waiting.Writer.TryComplete();
        var requeued = RequeueUnstarted();
        LogDraining(context.Log, Queue, requeued, Running, Options.DrainTimeout.TotalSeconds);
    }

    /// <summary>Waits for the running jobs. After the drain timeout they are cancelled and requeued.</summary>
    public async Task DrainAsync(CancellationToken hurry)
    {
        await WaitUntilAsync(() => Running == 0, Options.DrainTimeout, hurry);
        await _abort.CancelAsync();
        await WaitUntilAsync(() => Running == 0, StopTimeout, hurry);
        // without a broker, replies cannot be waited for any longer
        await WaitUntilAsync(() => Volatile.Read(ref _unsettled) == 0, StopTimeout, hurry);
    }

    public void Dispose() => _abort.Dispose();

    private int RequeueUnstarted()
    {
        var unstarted = Ledger.TakeUnstarted();
        foreach (var job in unstarted) job.Delivery.Settle(Settlement.RequeueUncounted);
        return unstarted.Count;
    }

    private async Task RunSlotAsync()
    {
        try
        {
            // ReadAllAsync would wake every free slot for each job
            while (await _waiting.Reader.ReadAsync() is var job)
            {
                // counted first, so that a drain that comes in between sees the job
                Interlocked.Increment(ref _running);
                if (job.TryStart()) await RunJobAsync(job);
                Interlocked.Decrement(ref _running);
            }
        }
        catch (ChannelClosedException)
        {
            // stopped
        }
    }

    private async Task RunJobAsync(InFlightJob job)
    {
        try
        {
            _ = EndJobAsync(job, await _execution.RunAsync(job, _abort.Token));
        }
        catch (Exception)
        {
            // an owner's metrics or trace listener, or a log, threw: the job is redelivered, and the slot lives on
            job.MarkLost();
        }
    }

    private async Task EndJobAsync(InFlightJob job, Outcome outcome)
    {
        Interlocked.Increment(ref _unsettled);
        await _ending.EndAsync(job, outcome);
        Interlocked.Decrement(ref _unsettled);
    }

    private async Task WaitUntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken hurry)
    {
        var startedAt = context.Time.GetTimestamp();
        while (!condition() && context.Time.GetElapsedTime(startedAt) < timeout && !hurry.IsCancellationRequested)
            await Task.Delay(PollInterval, context.Time, CancellationToken.None);
    }

    [LoggerMessage(30, LogLevel.Information, "Job {CorrelationId} was redelivered while in flight; it continues")]
    private static partial void LogAdopted(ILogger log, Untrusted correlationId);
    [LoggerMessage(32, LogLevel.Information, "Job {CorrelationId} was redelivered after its end; it is acknowledged")]
    private static partial void LogDuplicate(ILogger log, Untrusted correlationId);
    [LoggerMessage(31, LogLevel.Information,
        "Stopping {Queue}: {Requeued} waiting jobs were requeued; {Running} running jobs may take {Seconds} s more")]
    private static partial void LogDraining(ILogger log, string queue, int requeued, int running, double seconds);
}
