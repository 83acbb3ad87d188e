using System.Threading.Channels;

namespace ReWorker.Client;

/// <summary>A job that has not ended: its events that nobody has read yet, and how far it has come.</summary>
internal sealed class PendingJob
{
    private readonly Channel<JobEvent> _events =
        Channel.CreateUnbounded<JobEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<(bool IsReply, string Id)> _seenMessageIds = [];
    private bool _hasStarted;
    private volatile bool _hasReply;
    private volatile string _state = "the broker has not confirmed it";

    public ChannelReader<JobEvent> Events => _events.Reader;
    public string State => _state; // how far the job has come, for the message of a timeout

    /// <summary>True once a worker has replied. The job has arrived, then, with or without a confirm.</summary>
    public bool HasReply => _hasReply;

    /// <summary>Notes why the job can't be sent yet, and reports it once.</summary>
    public void ReportMissing(string what, Action<string>? report)
    {
        if (_state != what) report?.Invoke(what);
        _state = what;
    }

    public void MarkConfirmed()
    {
        if (!HasReply) _state = "no worker has started it";
    }

    /// <summary>Adds an event, unless it is a copy. Called by one thread at a time.</summary>
    public void Receive(JobEvent jobEvent, string? messageId)
    {
        var isReply = jobEvent is not (JobEvent.Output or JobEvent.Notification);
        // Kept apart: anybody who may write to the exchange could otherwise make a reply look like a copy.
        if (messageId is not null && !_seenMessageIds.Add((isReply, messageId))) return;
        // A worker that sets no message ids may send `started` twice if the job runs again.
        if (jobEvent is JobEvent.Started && _hasStarted) return;
        _hasStarted |= jobEvent is JobEvent.Started;
        _hasReply |= isReply;
        if (isReply) _state = "a worker has started it and not finished it";
        _events.Writer.TryWrite(jobEvent);
        if (jobEvent is JobEvent.Completed or JobEvent.Failed) _events.Writer.TryComplete();
    }
}
