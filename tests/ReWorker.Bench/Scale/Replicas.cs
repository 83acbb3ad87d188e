using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Scale;

/// <summary>One to four workers on one queue, and how many cores the broker keeps busy.</summary>
internal static class Replicas
{
    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var load = await stage.LoadAsync();
        var workers = new List<WorkerProcess>();
        var findings = new List<Finding>();
        try
        {
            while (workers.Count < (stage.IsQuick ? 2 : 4))
            {
                workers.Add(await stage.StartAsync(load));
                await load.FillAsync(stage.Queue, new JobShape(0), TimeSpan.FromSeconds(2));
                var (cpu, mine, broker, began) = (workers.Sum(one => one.Cpu), Environment.CpuUsage.TotalTime, stage.BrokerCpu, Stopwatch.GetTimestamp());
                var phase = await load.FillAsync(stage.Queue, new JobShape(0), stage.Time, workers.Count * JobLoad.Window);
                var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
                findings.Add(new($"{workers.Count} {(workers.Count == 1 ? "replica" : "replicas")}", string.Create(CultureInfo.InvariantCulture,
                    $"{phase.PerSecond:#,0} jobs/s; cores busy: broker {(stage.BrokerCpu - broker) / took:0.0}, workers {(workers.Sum(one => one.Cpu) - cpu) / took:0.0}, load {(Environment.CpuUsage.TotalTime - mine).TotalSeconds / took:0.0}, of {Environment.ProcessorCount}")));
            }
        }
        finally
        {
            foreach (var worker in workers) await worker.DisposeAsync();
        }
        stage.Check(load);
        return findings;
    }
}
