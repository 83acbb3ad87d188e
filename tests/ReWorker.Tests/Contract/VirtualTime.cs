using Microsoft.Extensions.Time.Testing;

namespace ReWorker.Tests.Contract;

/// <summary>A clock for the runtime that stands still until a test lets it run, faster than the system's.</summary>
internal static class VirtualTime
{
    private static readonly TimeSpan RealStep = TimeSpan.FromMilliseconds(10);

    /// <summary>The broker takes its real time, however fast the worker's clock runs.</summary>
    public static IReadOnlyList<(string Key, string Value)> LongTimeouts { get; } =
        [("Broker:ConnectTimeout", "00:05:00"), ("Broker:ConfirmTimeout", "00:10:00")];

    /// <summary>Lets the clock run until the task has ended.</summary>
    /// <param name="speed">How many times as fast as the system's clock.</param>
    public static Task RunUntilAsync(this FakeTimeProvider time, Task task, int speed = 50) =>
        time.RunUntilAsync(task, () => speed);

    /// <summary>Lets the clock run until the task has ended, at a speed that may change.</summary>
    public static async Task RunUntilAsync(this FakeTimeProvider time, Task task, Func<int> speed)
    {
        while (!task.IsCompleted)
        {
            time.Advance(speed() * RealStep);
            await Task.WhenAny(task, Task.Delay(RealStep));
        }
        await task;
    }

    /// <inheritdoc cref="RunUntilAsync(FakeTimeProvider, Task, int)"/>
    public static async Task<T> RunUntilAsync<T>(this FakeTimeProvider time, Task<T> task, int speed = 50)
    {
        await time.RunUntilAsync((Task)task, speed);
        return await task;
    }
}
