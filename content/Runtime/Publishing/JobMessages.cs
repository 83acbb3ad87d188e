namespace ReWorker.Publishing;

/// <summary>
/// Everything that one job sends. Numbers the messages, limits how much unconfirmed output the step may have, and
/// knows when the broker has confirmed all of it.
/// </summary>
/// <param name="replyQueue">Where status replies go; null if nobody waits for them.</param>
internal sealed class JobMessages(
    IPublisher publisher, string? correlationId, string? replyQueue, string appId, TimeProvider time)
{
    // a job that writes faster than the broker confirms is slowed down; its neighbours are not
    private const int MaxUnconfirmedLines = 64;

    // continuations only settle the job, so they may run on the thread that handles the last confirm
    private readonly TaskCompletionSource _confirmed = new();
    private readonly Lock _order = new();
    private string? _id;
    private SemaphoreSlim? _lineSlots;
    private NackedMessages? _nacked;
    private int _unconfirmed = 1; // as long as more may be sent
    private int _sequence;
    private bool _sealed;

    public string? CorrelationId => correlationId;
    public string AppId => appId;
    public string? TraceParent { get; set; } // the trace context that every message carries
    public string? TraceState { get; set; }
    public int BrokerFailures { get; set; } // while a message of this job was the only unconfirmed one
    public Task Confirmed => _confirmed.Task; // nothing more will be sent, and the broker has confirmed everything

    // identifies this run of the job; message ids start with it
    private string Id => _id ??= Guid.CreateVersion7().ToString("N");

    public string NextId(int sequence) => $"{Id}:{sequence}";

    /// <summary>Sends a message of the step and waits for the broker's confirm. False if no queue took it.</summary>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the job has ended.</exception>
    public async Task<bool> SendAsync(OutgoingMessage message, CancellationToken cancel)
    {
        if (message.Exchange is not (Names.Exchange or Names.DefaultExchange))
            await publisher.CheckExchangeAsync(message.Exchange, cancel);
        var confirmed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!TrySend(message with { Waiter = confirmed }))
            throw new InvalidOperationException("The job has ended: nothing more can be sent for it.");
        return await confirmed.Task.WaitAsync(cancel);
    }

    /// <summary>
    /// Sends a line of output. Waits while too many lines are unconfirmed. False if the job has ended, or must: a timer
    /// of the step that writes a line too late must not end the process.
    /// </summary>
    public bool TrySendLine(string text, CancellationToken cancel)
    {
        var body = Bodies.Output(text);
        if (body.Length > Names.MaxBodyBytes)
            body = Bodies.Output($"[a line of {body.Length} bytes was left out; allowed: {Names.MaxBodyBytes}]");
        var slots = LazyInitializer.EnsureInitialized(ref _lineSlots, () => new SemaphoreSlim(MaxUnconfirmedLines));
        try
        {
            // code that was told to stop may still write a line, but not wait for a slot
            if (!slots.Wait(0, CancellationToken.None)) slots.Wait(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        if (TrySend(new OutgoingMessage(MessageKind.Output, Names.Exchange, Names.Output, body))) return true;
        // the next line in wait must be dropped too, not wait for ever
        slots.Release();
        return false;
    }

    /// <summary>Sends <c>started</c>, unless the job has ended already.</summary>
    public void SendStarted()
    {
        if (replyQueue is not null) TrySend(Status(replyQueue, PhaseNames.Started, Bodies.Started));
    }

    /// <summary>Sends a terminal reply. Returns null if nobody waits for it.</summary>
    public PendingMessage? SendTerminal(string status, byte[] body, TaskCompletionSource<bool>? waiter = null) =>
        replyQueue is null ? null : SendInternal(Status(replyQueue, status, body) with { Waiter = waiter });

    /// <summary>Sends a message of the runtime, also after the step's code has ended.</summary>
    public PendingMessage SendInternal(OutgoingMessage message)
    {
        lock (_order) return Enqueue(message);
    }

    /// <summary>From now on the step's code can send nothing more. Lines that wait for a slot are rejected.</summary>
    public void Seal()
    {
        lock (_order) _sealed = true;
        _lineSlots?.Release();
    }

    /// <summary>Nothing more will be sent.</summary>
    public void Complete() => CountDown();

    /// <summary>The broker has confirmed a message, or it can never be sent.</summary>
    public void HandleSettled(PendingMessage message)
    {
        if (message.Kind is MessageKind.Output) _lineSlots?.Release();
        Volatile.Read(ref _nacked)?.HandleSettled(message);
        if (message.Error is { } error) message.Waiter?.TrySetException(error);
        else message.Waiter?.TrySetResult(!message.Unroutable);
        CountDown();
    }

    /// <summary>A full queue has nacked a message. It is sent again after a pause, before what follows it.</summary>
    public void HandleNacked(PendingMessage message)
    {
        var nacked = message.IsOrdered
            ? LazyInitializer.EnsureInitialized(ref _nacked, () => new NackedMessages(publisher, time))
            : new NackedMessages(publisher, time);
        nacked.Add(message);
    }

    /// <summary>True if the message must wait for an earlier one that was nacked. It will be enqueued again.</summary>
    public bool MustWait(PendingMessage message) =>
        message.IsOrdered && Volatile.Read(ref _nacked)?.MustWait(message) is true;

    private OutgoingMessage Status(string queue, string status, byte[] body) =>
        new(MessageKind.Status, Names.DefaultExchange, queue, body)
        {
            MessageId = MessageIds.Status(correlationId ?? Id, status),
        };

    private bool TrySend(OutgoingMessage message)
    {
        lock (_order)
        {
            if (!_sealed) Enqueue(message);
            return !_sealed;
        }
    }

    private PendingMessage Enqueue(OutgoingMessage message)
    {
        Interlocked.Increment(ref _unconfirmed);
        var pending = new PendingMessage(message, this, ++_sequence, time.GetUtcNow());
        publisher.Enqueue(pending);
        return pending;
    }

    private void CountDown()
    {
        if (Interlocked.Decrement(ref _unconfirmed) == 0) _confirmed.TrySetResult();
    }
}
