namespace ReWorker.Faults;

/// <summary>A clock whose one-second timers, on which the supervisor waits, never fire once a file exists.</summary>
internal sealed class StuckTime(string file) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isStuck = dueTime == TimeSpan.FromSeconds(1) && File.Exists(file);
        return base.CreateTimer(callback, state, isStuck ? Timeout.InfiniteTimeSpan : dueTime, period);
    }
}
