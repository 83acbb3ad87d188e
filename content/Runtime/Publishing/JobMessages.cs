using ReWorker.Wire.Contract;

namespace ReWorker.Publishing;

/// <summary>What one job sends: it numbers the messages, bounds the lines on their way, and knows when all are confirmed.</summary>
internal sealed class JobMessages(IPublisher publisher, string? correlationId, string appId, TimeProvider time)
{
    /// <summary>A job that writes faster than the broker confirms is slowed down, not its neighbours.</summary>
    private const int MaxLines = 64;

    // what awaits it only settles the job: that may run where the last confirm comes in
    private readonly TaskCompletionSource _confirmed = new();
    private readonly Lock _order = new();
    private string? _id;
    private SemaphoreSlim? _lines;
    private NackedMessages? _refusals;
    private int _unconfirmed = 1;
    private int _number;
    private int _place;
    private bool _sealed;

    /// <summary>The trace that every message carries on.</summary>
    public string? TraceParent { get; set; }
    public string? TraceState { get; set; }

    /// <summary>How often one of its messages was the only one in doubt when the broker failed.</summary>
    public int Strikes { get; set; }

    /// <summary>Names this run of the job; message ids begin with it.</summary>
    public string Id => _id ??= Guid.CreateVersion7().ToString("N");

    /// <summary>Ends when the messages is complete and the broker has confirmed everything in it.</summary>
    public Task Confirmed => _confirmed.Task;

    /// <exception cref="InvalidOperationException">The job has ended.</exception>
    public void Send(OutgoingMessage outgoing)
    {
        lock (_order)
        {
            if (_sealed) throw new InvalidOperationException("The job has ended: nothing can be sent for it any more.");
            Enqueue(outgoing);
        }
    }

    /// <summary>Sends a line of output; waits while too many are on their way.</summary>
    /// <exception cref="ArgumentException">It is larger than a message may be.</exception>
    /// <exception cref="InvalidOperationException">The job has ended.</exception>
    public void SendLine(string text, CancellationToken cancel)
    {
        var body = Bodies.Output(text);
        SendRules.Check(Names.Output, Names.Exchange, correlationId: null, body, replyTo: null);
        var lines = LazyInitializer.EnsureInitialized(ref _lines, () => new SemaphoreSlim(MaxLines));
        // code that was told to stop may still say so, but not wait for room
        if (!lines.Wait(0, CancellationToken.None)) lines.Wait(cancel);
        try
        {
            Send(new OutgoingMessage(MessageKind.Output, Names.Exchange, Names.Output, body));
        }
        catch (InvalidOperationException)
        {
            // refused: its room is the next one's, who is to be refused too, and not to wait
            lines.Release();
            throw;
        }
    }

    /// <summary>From here on the step's code can send nothing more; what of it waits for room is refused.</summary>
    public void Seal()
    {
        lock (_order) _sealed = true;
        _lines?.Release();
    }

    /// <summary>What the runtime itself sends after the end of the step's code.</summary>
    public PendingMessage SendInternal(OutgoingMessage outgoing)
    {
        lock (_order) return Enqueue(outgoing);
    }

    /// <summary>Nothing will follow.</summary>
    public void Complete() => CountDown();

    public void Settled(PendingMessage message)
    {
        if (message.Kind is MessageKind.Output) _lines?.Release();
        Volatile.Read(ref _refusals)?.Settled(message);
        if (message.Error is { } error) message.Waiter?.TrySetException(error);
        else message.Waiter?.TrySetResult(!message.Unroutable);
        CountDown();
    }

    /// <summary>A full queue does not take the message: it is sent again after a pause, and ahead of those that must follow it.</summary>
    public void Refused(PendingMessage message)
    {
        var refusals = message.IsOrdered ? LazyInitializer.EnsureInitialized(ref _refusals, () => new NackedMessages(publisher, time)) : new NackedMessages(publisher, time);
        refusals.Add(message);
    }

    /// <summary>True if the message is not to be written now, since an earlier one was refused: it will be passed on again.</summary>
    public bool Holds(PendingMessage message) => message.IsOrdered && Volatile.Read(ref _refusals)?.Holds(message) is true;

    private PendingMessage Enqueue(OutgoingMessage outgoing)
    {
        Interlocked.Increment(ref _unconfirmed);
        var message = new PendingMessage
        {
            Place = _place++,
            Kind = outgoing.Kind,
            Exchange = outgoing.Exchange,
            RoutingKey = outgoing.RoutingKey,
            Body = outgoing.Body,
            MessageId = outgoing.MessageId ?? $"{Id}:{++_number}",
            CorrelationId = outgoing.CorrelationId ?? correlationId,
            AppId = appId,
            Timestamp = time.GetUtcNow(),
            TraceParent = TraceParent,
            TraceState = TraceState,
            Original = outgoing.Original,
            Headers = outgoing.Headers,
            Owner = this,
            Waiter = outgoing.Waiter,
        };
        publisher.Enqueue(message);
        return message;
    }

    private void CountDown()
    {
        if (Interlocked.Decrement(ref _unconfirmed) == 0) _confirmed.TrySetResult();
    }
}
