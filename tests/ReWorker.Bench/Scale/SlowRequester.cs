using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>A requester that reads no reply for as long as jobs run: they wait on the broker, not in the worker.</summary>
internal static class SlowRequester
{
    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var prompt = await stage.LoadAsync();
        await using var worker = await stage.StartAsync(prompt);
        await prompt.FillAsync(stage.Queue, new JobShape(0), TimeSpan.FromSeconds(3));
        var before = worker.Resident;
        await using var slow = await stage.LoadAsync(reads: false);
        var jobs = stage.IsQuick ? 3_000 : 30_000;
        var body = new JobShape(0).Body();
        var began = Stopwatch.GetTimestamp();
        for (var job = 0; job < jobs; job++) await slow.SendAsync(stage.Queue, new JobShape(0), body);
        while (await slow.WaitingAsync(slow.ReplyTo) < 2 * jobs)
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(2)) throw new TimeoutException($"only {await slow.WaitingAsync(slow.ReplyTo)} replies of {2 * jobs} came");
            await Task.Delay(50);
        }
        var (perSecond, memory) = (jobs / Stopwatch.GetElapsedTime(began).TotalSeconds, worker.Resident);
        await slow.ReadAsync();
        await slow.DrainAsync();
        stage.Check(slow);
        stage.Check(prompt);
        return [new($"a requester that reads nothing for {jobs:#,0} jobs", string.Create(CultureInfo.InvariantCulture,
            $"{perSecond:#,0} jobs/s all the same; memory {before / 1e6:0} MB before, {memory / 1e6:0} MB with {2 * jobs:#,0} replies unread, which were all there afterwards"))];
    }
}
