using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace ReWorker.Tests.Fakes;

/// <summary>Virtual time that shows who waits, so that a test advances it only once somebody does.</summary>
internal sealed class RecordingTime : FakeTimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _waits = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Enqueue(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody has begun to wait for this time, or so many have.</summary>
    public Task WaitForTimerAsync(TimeSpan due, int count = 1) =>
        Until.TrueAsync(() => _waits.Count(wait => wait == due) >= count, $"a wait of {due}");
}
