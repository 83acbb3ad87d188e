using Microsoft.Extensions.Time.Testing;
using ReWorker.Tests.Fakes;

namespace ReWorker.Tests.Requesting;

/// <summary>Virtual time that keeps for how long each timer was set.</summary>
internal sealed class RecordingTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _delays = [];

    /// <summary>How long each timer was to run, in order, and without those that never end.</summary>
    public IReadOnlyList<TimeSpan> Delays
    {
        get { lock (_gate) return [.. _delays]; }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_gate)
        {
            if (dueTime > TimeSpan.Zero) _delays.Add(dueTime);
        }
        return timer;
    }

    /// <summary>Waits until so many timers of this length have been set.</summary>
    public Task WaitForAsync(TimeSpan delay, int count = 1) =>
        Until.TrueAsync(() => Delays.Count(one => one == delay) >= count, $"{count} timers of {delay}");

    /// <summary>Lets time pass in small steps until something has happened.</summary>
    public Task AdvanceUntilAsync(Func<bool> condition, string what = "the condition") => Until.TrueAsync(() =>
    {
        if (condition()) return true;
        Advance(TimeSpan.FromMilliseconds(50));
        return condition();
    }, what);
}
