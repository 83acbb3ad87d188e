using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>Jobs that write very many lines, one after the other, beside small jobs.</summary>
internal static class ManyLines
{
    private const int Lines = 10_000;

    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var load = await stage.LoadAsync();
        await using var worker = await stage.StartAsync(load);
        await load.FillAsync(stage.Queue, new JobShape(3), TimeSpan.FromSeconds(3));
        var count = stage.IsQuick ? 100 : 500;
        var alone = await load.OneByOneAsync(stage.Queue, new JobShape(0), count);

        var longJob = new JobShape(Lines);
        var beside = new List<double>();
        var (sent, body) = (0, longJob.Body());
        while (beside.Count < count)
        {
            // a long job must be running until all small jobs are done
            if (sent == 0 || load.Table.Done >= load.Table.Sent)
            {
                await load.SendAsync(stage.Queue, longJob, body);
                sent++;
            }
            beside.AddRange(await load.OneByOneAsync(stage.Queue, new JobShape(0), 1));
        }
        await load.DrainAsync();
        stage.Check(load);
        return [new($"{Lines:#,0} lines from one job, beside small jobs", string.Create(CultureInfo.InvariantCulture,
            $"small jobs, p50 / p99 in ms: {Part(alone, 0.5):0.0} / {Part(alone, 0.99):0.0} alone, "
            + $"{Part(beside, 0.5):0.0} / {Part(beside, 0.99):0.0} beside it ({sent} long jobs); "
            + $"peak memory {worker.Peak / 1e6:0} MB"))];
    }

    private static double Part(List<double> all, double part) => all.Order().ElementAt((int)((all.Count - 1) * part));
}
