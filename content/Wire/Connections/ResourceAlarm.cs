namespace ReWorker.Wire.Connections;

/// <summary>The broker's memory or disk alarm. While it is raised, the broker accepts no messages.</summary>
internal sealed class ResourceAlarm(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _end;
    private long _endedAt;

    public bool IsRaised => Volatile.Read(ref _end) is not null;

    /// <summary>The reason that the broker gave.</summary>
    public string? Reason { get; private set; }

    /// <summary>When the last alarm ended, as a timestamp of the time provider.</summary>
    public long EndedAt => Volatile.Read(ref _endedAt);

    public void Raise(string reason)
    {
        lock (_gate)
        {
            Reason = reason;
            _end ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void End()
    {
        lock (_gate)
        {
            Volatile.Write(ref _endedAt, time.GetTimestamp());
            _end?.TrySetResult();
            _end = null;
        }
    }

    public Task WaitForEndAsync(CancellationToken cancel) =>
        Volatile.Read(ref _end)?.Task.WaitAsync(cancel) ?? Task.CompletedTask;
}
