namespace ReWorker.Wire.Connections;

/// <summary>The broker's memory or disk alarm. While it is raised, the broker accepts no messages.</summary>
internal sealed class ResourceAlarm(TimeProvider time)
{
    private TaskCompletionSource? _end;
    private long _endedAt;

    public bool IsRaised => Volatile.Read(ref _end) is not null;
    public string? Reason { get; private set; }             // that the broker gave for the last alarm
    public long EndedAt => Volatile.Read(ref _endedAt);     // the last alarm's end, as a timestamp of the time provider

    // Only the connection's own reader raises and ends alarms, one after the other.
    public void Raise(string reason)
    {
        Reason = reason;
        if (!IsRaised) Volatile.Write(ref _end, new(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    public void End()
    {
        Volatile.Write(ref _endedAt, time.GetTimestamp());
        Interlocked.Exchange(ref _end, null)?.SetResult();
    }

    public Task WaitForEndAsync(CancellationToken cancel) =>
        Volatile.Read(ref _end)?.Task.WaitAsync(cancel) ?? Task.CompletedTask;
}
