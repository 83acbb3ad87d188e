using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>A requester reads no reply while its jobs run: replies wait on the broker, not in the worker.</summary>
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
        var start = Stopwatch.GetTimestamp();
        for (var job = 0; job < jobs; job++) await slow.SendAsync(stage.Queue, new JobShape(0), body);
        while (await slow.WaitingAsync(slow.ReplyTo) < 2 * jobs)
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(2))
            {
                var received = await slow.WaitingAsync(slow.ReplyTo);
                throw new TimeoutException($"only {received} of {2 * jobs} replies arrived");
            }
            await Task.Delay(50);
        }
        var (perSecond, memory) = (jobs / Stopwatch.GetElapsedTime(start).TotalSeconds, worker.Resident);
        await slow.ReadAsync();
        await slow.DrainAsync();
        stage.Check(slow);
        stage.Check(prompt);
        return [new($"a requester that reads nothing for {jobs:#,0} jobs", string.Create(CultureInfo.InvariantCulture,
            $"still {perSecond:#,0} jobs/s; memory {before / 1e6:0} MB before, {memory / 1e6:0} MB with {2 * jobs:#,0} "
            + $"unread replies, which all arrived afterwards"))];
    }
}
