namespace ReWorker.Publishing;

/// <summary>
/// What a full queue has refused of one job, and what must not overtake it: sent again one by one, in order, at a pace that
/// leaves the queue time to drain.
/// </summary>
internal sealed class NackedMessages(IPublisher publisher, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<PendingMessage, int> _waiting = new();
    private PendingMessage? _onTrial;
    private bool _pauses;

    /// <summary>How many lines are among them.</summary>
    private int _lines;

    /// <summary>
    /// True if the message is not to be written now: it waits here. A line waits for lines only: the requester whose queue is full must
    /// not stop the step's code.
    /// </summary>
    public bool Holds(PendingMessage message)
    {
        lock (_gate)
        {
            if (message == _onTrial || (_onTrial is null && !_pauses)) return false;
            if (message.Kind is MessageKind.Output && _lines == 0) return false;
            Wait(message);
            return true;
        }
    }

    public void Add(PendingMessage refused)
    {
        lock (_gate)
        {
            if (refused == _onTrial) Leave();
            Wait(refused);
            if (_onTrial is not null || _pauses) return;
            _pauses = true;
        }
        _ = TryAfterPauseAsync();
    }

    /// <summary>One of the job's messages is done with: the next one's turn, if it was that on trial.</summary>
    public void Settled(PendingMessage message)
    {
        lock (_gate)
        {
            if (message != _onTrial) return;
            Leave();
            TryNext();
        }
    }

    private async Task TryAfterPauseAsync()
    {
        await Task.Delay(Pause, time).ConfigureAwait(false);
        lock (_gate)
        {
            _pauses = false;
            TryNext();
        }
    }

    private void Wait(PendingMessage message)
    {
        _waiting.Enqueue(message, message.Place);
        if (message.Kind is MessageKind.Output) _lines++;
    }

    private void Leave()
    {
        if (_onTrial!.Kind is MessageKind.Output) _lines--;
        _onTrial = null;
    }

    private void TryNext()
    {
        if (_waiting.TryDequeue(out _onTrial, out _)) publisher.Again(_onTrial);
    }
}
