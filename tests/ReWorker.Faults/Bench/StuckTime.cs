namespace ReWorker.Faults;

/// <summary>A clock whose timers of one second, the supervisor's pause between two signs of life, never ring once a file is there.</summary>
internal sealed class StuckTime(string file) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime == TimeSpan.FromSeconds(1) && File.Exists(file) ? Timeout.InfiniteTimeSpan : dueTime, period);
}
