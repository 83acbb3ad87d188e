using Microsoft.Extensions.Time.Testing;
using ReWorker.Tests.Fakes;

namespace ReWorker.Tests.Supervising;

/// <summary>Virtual time that shows who waits for it, so that a test moves it only when somebody does.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Watched> _live = [];

    /// <summary>How long the timers that run were to run.</summary>
    public IReadOnlyList<TimeSpan> Live
    {
        get { lock (_gate) return [.. _live.Select(timer => timer.Due)]; }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Watched(this, dueTime);
        lock (_gate) _live.Add(timer);
        timer.Inner = base.CreateTimer(callback, state, dueTime, period);
        return timer;
    }

    /// <summary>Moves on by a step at a time, each once somebody waits that long.</summary>
    public async Task StepAsync(TimeSpan step, int times = 1)
    {
        for (var done = 0; done < times; done++)
        {
            await WaitAsync(step);
            Advance(step);
        }
        await WaitAsync(step);
    }

    /// <summary>Waits until somebody waits for exactly this long.</summary>
    public Task WaitAsync(TimeSpan due) => Until.TrueAsync(() => Live.Contains(due), $"a wait of {due}");

    /// <summary>Moves on until something has happened.</summary>
    public async Task AdvanceUntilAsync(Func<bool> condition, string what, TimeSpan? step = null)
    {
        var limit = DateTime.UtcNow + TimeSpan.FromSeconds(15);
        while (!condition())
        {
            if (DateTime.UtcNow > limit) throw new TimeoutException($"{what} did not become true");
            Advance(step ?? TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }
    }

    private void Remove(Watched timer)
    {
        lock (_gate) _live.Remove(timer);
    }

    private sealed class Watched(WatchedTime owner, TimeSpan due) : ITimer
    {
        public TimeSpan Due => due;
        public ITimer? Inner { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period) => Inner!.Change(dueTime, period);

        public void Dispose()
        {
            owner.Remove(this);
            Inner?.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
