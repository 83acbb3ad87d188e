using ReWorker.Tests.Fakes;

namespace ReWorker.Tests.Jobs;

/// <summary>Virtual time that starts on a known day, for the jobs of a bench.</summary>
internal sealed class JobTime() : RecordingTime(StartsAt)
{
    public static readonly DateTimeOffset StartsAt = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    public TimeSpan Elapsed => GetUtcNow() - StartsAt;

    protected override TimeSpan Patience => MaxWait;

    /// <summary>Waits, in real time, for something that other threads bring about.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => Until.TrueAsync(condition, what, MaxWait);

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
