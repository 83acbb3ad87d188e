using Microsoft.Extensions.Time.Testing;

namespace ReWorker.Tests.Fakes;

/// <summary>Virtual time that shows who waits, so that a test advances it only once somebody does.</summary>
internal class RecordingTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _delays = [];

    public RecordingTime()
    {
    }

    protected RecordingTime(DateTimeOffset start)
        : base(start)
    {
    }

    /// <summary>How long each timer was to run, in order, and without those that never end.</summary>
    public IReadOnlyList<TimeSpan> Delays
    {
        get { lock (_gate) return [.. _delays]; }
    }

    /// <summary>How long a test waits, in real time, for what other threads bring about.</summary>
    protected virtual TimeSpan Patience => Until.Limit;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_gate)
        {
            if (dueTime > TimeSpan.Zero) _delays.Add(dueTime);
        }
        return timer;
    }

    /// <summary>How many timers of this length have been set.</summary>
    public int Timers(TimeSpan delay) => Delays.Count(one => one == delay);

    /// <summary>Waits until so many timers of this length have been set.</summary>
    public Task TimerAsync(TimeSpan delay, int count = 1) =>
        Until.TrueAsync(() => Timers(delay) >= count, $"{count} timers of {delay}", Patience);

    /// <summary>Lets time pass in small steps until something has happened.</summary>
    public Task AdvanceUntilAsync(Func<bool> condition, string what = "the condition") => Until.TrueAsync(() =>
    {
        if (condition()) return true;
        Advance(TimeSpan.FromMilliseconds(50));
        return condition();
    }, what);
}
