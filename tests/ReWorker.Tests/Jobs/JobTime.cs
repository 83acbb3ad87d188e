using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace ReWorker.Tests.Jobs;

/// <summary>Fake time. A test can wait until somebody waits for it.</summary>
internal sealed class JobTime() : FakeTimeProvider(StartsAt)
{
    public static readonly DateTimeOffset StartsAt = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);
    private readonly ConcurrentQueue<TimeSpan> _timers = [];

    public TimeSpan Elapsed => GetUtcNow() - StartsAt;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Enqueue(dueTime);
        return timer;
    }

    /// <summary>Waits until as many timers as given have been started with this time.</summary>
    public Task TimerAsync(TimeSpan dueTime, int count = 1) =>
        UntilAsync(() => _timers.Count(timer => timer == dueTime) >= count, $"{count} timers of {dueTime}");

    /// <summary>How many timers have been started with this time.</summary>
    public int Timers(TimeSpan dueTime) => _timers.Count(timer => timer == dueTime);

    /// <summary>Waits, in real time, for something that other threads bring about.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(MaxWait);
        while (!condition())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"waited in vain for {what}");
            await Task.Delay(1, CancellationToken.None);
        }
    }

    /// <summary>Advances the time by the runtime's polls until what was started has ended.</summary>
    /// <param name="after">How many polls the time has already passed; default: all so far.</param>
    public async Task PollAsync(Func<Task> start, TimeSpan interval, int? after = null)
    {
        var polls = after ?? Timers(interval);
        var task = start();
        while (!task.IsCompleted)
        {
            polls++;
            await UntilAsync(() => task.IsCompleted || Timers(interval) >= polls, "the next poll");
            if (!task.IsCompleted) Advance(interval);
        }
        await task;
    }
}
