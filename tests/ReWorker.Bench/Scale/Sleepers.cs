using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>A thousand jobs that only wait, all at the same time.</summary>
internal static class Sleepers
{
    private const int Jobs = 1000;
    private const double Seconds = 5;

    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var load = await stage.LoadAsync();
        await using var worker = await stage.StartAsync(load, Jobs);
        var shape = new JobShape(1, Seconds: Seconds);
        var (body, start, before) = (shape.Body(), Stopwatch.GetTimestamp(), worker.Resident);
        for (var job = 0; job < Jobs; job++) await load.SendAsync(stage.Queue, shape, body);
        await Task.Delay(TimeSpan.FromSeconds(Seconds / 2));
        var (memory, threads) = (worker.Resident, worker.Threads);
        await load.DrainAsync();
        var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        stage.Check(load);
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"done in {took:0.0} s; memory {before / 1e6:0} MB before, {memory / 1e6:0} MB while they slept; "
            + $"{threads} threads");
        return [new($"{Jobs:#,0} jobs that sleep {Seconds} s, concurrency {Jobs}", figures)];
    }
}
