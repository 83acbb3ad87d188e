using System.Threading.Channels;

namespace ReWorker.Client;

/// <summary>One job on its way: what was heard of it and not yet read, and the ids of it, by which a copy is dropped.</summary>
internal sealed class PendingJob
{
    private readonly Channel<JobEvent> _events = Channel.CreateUnbounded<JobEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<string> _seen = [];
    private bool _started;
    private bool _hasAnswer;
    private volatile string _state = "the broker has not confirmed it";

    public ChannelReader<JobEvent> Events => _events.Reader;

    /// <summary>How far the job has come, for the message of a timeout.</summary>
    public string State => _state;

    /// <summary>A worker has spoken of it: it has arrived, whatever became of the broker's confirm.</summary>
    public bool HasAnswer
    {
        get => Volatile.Read(ref _hasAnswer);
        private set => Volatile.Write(ref _hasAnswer, value);
    }

    /// <summary>What it still waits for before it can be sent; said once.</summary>
    public void Misses(string what, Action<string>? say)
    {
        if (_state != what) say?.Invoke(what);
        _state = what;
    }

    public void Confirmed()
    {
        if (!HasAnswer) _state = "no worker has taken it";
    }

    /// <summary>Called by one thread at a time.</summary>
    public void Hear(JobEvent what, string? messageId)
    {
        if (messageId is not null && !_seen.Add(messageId)) return;
        // a worker that names no messages may still say `started` twice, when the job runs again
        if (what is JobEvent.Started && _started) return;
        _started |= what is JobEvent.Started;
        HasAnswer = true;
        _state = "a worker has started it and not ended it";
        _events.Writer.TryWrite(what);
        if (what is JobEvent.Completed or JobEvent.Failed) _events.Writer.TryComplete();
    }
}
