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

    private bool HasOutput => _onTrial is { Kind: MessageKind.Output }
        || _waiting.UnorderedItems.Any(waiting => waiting.Element.Kind is MessageKind.Output);

    /// <summary>
    /// True if the message has to wait; it waits here. Output waits for output only: a requester whose queue is full
    /// must not stop the step's code.
    /// </summary>
    public bool MustWait(PendingMessage message)
    {
        lock (_gate)
        {
            if (message == _onTrial || (_onTrial is null && !_isPausing)) return false;
            if (message.Kind is MessageKind.Output && !HasOutput) return false;
            _waiting.Enqueue(message, message.Sequence);
            return true;
        }
    }

    public void Add(PendingMessage nacked)
    {
        lock (_gate)
        {
            if (nacked == _onTrial) _onTrial = null;
            _waiting.Enqueue(nacked, nacked.Sequence);
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
            if (message == _onTrial) ResendNext();
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

    private void ResendNext()
    {
        if (_waiting.TryDequeue(out _onTrial, out _)) publisher.Resend(_onTrial);
    }
}
