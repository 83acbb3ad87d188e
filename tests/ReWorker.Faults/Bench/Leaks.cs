namespace ReWorker.Faults;

/// <summary>Judges whether memory, threads and handles are back where they were.</summary>
internal static class Leaks
{
    public static async Task CheckAsync(Resources before, Func<Resources> look)
    {
        var now = look();
        for (var tries = 0; tries < 180 && !IsBack(); tries++)
        {
            await Task.Delay(500);
            now = look();
        }
        Bench.Check(IsBack(), $"before: {before}; after: {now}");

        bool IsBack() =>
            now.Handles <= before.Handles + 4
            && now.Threads <= before.Threads + 12
            && now.Memory <= before.Memory + (96L << 20);
    }

    /// <summary>Measures another worker, since the fault hit this one before it could be measured.</summary>
    public static async Task<Resources> OfAnotherAsync(Func<WorkerProcess> start)
    {
        await using var other = start();
        await Bench.UntilAsync(
            "ready, the worker to compare with,", 30, async () => (await other.ReadyAsync()).IsOk);
        await Task.Delay(500);
        return other.Resources();
    }
}
