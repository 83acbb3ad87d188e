namespace ReWorker.Publishing;

/// <summary>
/// The messages of one job that a full queue has nacked, and those that must not overtake them. They are sent again
/// one by one, in order, with a pause after each nack that leaves the queue time to drain.
/// </summary>
internal sealed class NackedMessages(IPublisher publisher, TimeProvider time)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<PendingMessage, int> _waiting = new();
    private PendingMessage? _onTrial;
    private bool _isPausing;
    private int _lines;

    /// <summary>
    /// True if the message has to wait; it waits here. Output waits for output only: a requester whose queue is full
    /// must not stop the step's code.
    /// </summary>
    public bool MustWait(PendingMessage message)
    {
        lock (_gate)
        {
            if (message == _onTrial || (_onTrial is null && !_isPausing)) return false;
            if (message.Kind is MessageKind.Output && _lines == 0) return false;
            Enqueue(message);
            return true;
        }
    }

    /// <summary>Takes a nacked message.</summary>
    public void Add(PendingMessage nacked)
    {
        lock (_gate)
        {
            if (nacked == _onTrial) EndTrial();
            Enqueue(nacked);
            if (_onTrial is not null || _isPausing) return;
            _isPausing = true;
        }
        _ = ResendAfterDelayAsync();
    }

    /// <summary>A message of the job is settled. If it was on trial, the next is sent.</summary>
    public void HandleSettled(PendingMessage message)
    {
        lock (_gate)
        {
            if (message != _onTrial) return;
            EndTrial();
            ResendNext();
        }
    }

    private async Task ResendAfterDelayAsync()
    {
        await Task.Delay(RetryDelay, time);
        lock (_gate)
        {
            _isPausing = false;
            ResendNext();
        }
    }

    private void Enqueue(PendingMessage message)
    {
        _waiting.Enqueue(message, message.Sequence);
        if (message.Kind is MessageKind.Output) _lines++;
    }

    private void EndTrial()
    {
        if (_onTrial!.Kind is MessageKind.Output) _lines--;
        _onTrial = null;
    }

    private void ResendNext()
    {
        if (_waiting.TryDequeue(out _onTrial, out _)) publisher.Resend(_onTrial);
    }
}
