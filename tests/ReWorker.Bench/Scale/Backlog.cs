using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>A long queue of small jobs: neither the worker's memory nor the cost of a job may grow.</summary>
internal static class Backlog
{
    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var load = await stage.LoadAsync();
        await using var worker = await stage.StartAsync(load);
        var few = new JobShape(0);
        // warmed up, then measured with a thousand jobs in the queue
        await load.FillAsync(stage.Queue, few, TimeSpan.FromSeconds(stage.IsQuick ? 3 : 8));
        var (cpu, jobs) = (worker.Cpu, load.Completed);
        await load.FillAsync(stage.Queue, few, stage.Time, window: 1000);
        var thousand = (worker.Cpu - cpu) / (load.Completed - jobs) * 1000;
        await worker.DisposeAsync();

        var many = stage.IsQuick ? 30_000 : 1_000_000;
        var body = few.Body();
        for (var job = 0; job < many; job++)
        {
            await load.SendAsync(stage.Queue, few, body);
            // the broker accepts jobs at its own pace, so wait until it has nearly all that were sent
            if (job % 10_000 == 9_999) while (await load.WaitingAsync(stage.Queue) < job - 9_999) await Task.Delay(10);
        }
        await using var fresh = stage.StartBehind(load);
        var marks = new List<Progress>();
        var began = load.Completed;
        while (load.Table.Done < load.Table.Sent)
        {
            if (marks.Count < 10 && load.Completed - began >= many / 10.0 * marks.Count) marks.Add(Mark());
            await Task.Delay(5);
            if (fresh.HasExited) throw new InvalidOperationException($"the worker has ended: {fresh.LogText}");
        }
        marks.Add(Mark());
        stage.Check(load);
        var seconds = Stopwatch.GetElapsedTime(marks[0].At, marks[^1].At).TotalSeconds;
        var memory = marks.Skip(1).Select(mark => (mark.Memory / 1e6).ToString("0", CultureInfo.InvariantCulture));
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"{(marks[^1].Done - marks[0].Done) / seconds:#,0} jobs/s; memory after each tenth, MB: "
            + $"{string.Join(", ", memory)}; CPU s per 1,000 jobs: {Cost(marks[1], marks[2]):0.000} in the second "
            + $"tenth, {Cost(marks[^2], marks[^1]):0.000} in the last, {thousand:0.000} with 1,000 jobs in the queue");
        return [new($"{many:#,0} jobs in the queue", figures)];

        Progress Mark() => new(load.Completed - began, fresh.Cpu, fresh.Resident, Stopwatch.GetTimestamp());
    }

    /// <summary>CPU seconds per 1,000 jobs between two marks.</summary>
    private static double Cost(Progress from, Progress to) =>
        to.Done == from.Done ? double.NaN : (to.Cpu - from.Cpu) / (to.Done - from.Done) * 1000;

    private sealed record Progress(int Done, double Cpu, long Memory, long At);
}
