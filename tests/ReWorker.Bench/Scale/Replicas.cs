using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Load;
using ReWorker.TestKit;

namespace ReWorker.Bench.Scale;

/// <summary>Measures one to four workers on one queue, and the cores that the broker keeps busy.</summary>
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
                var (cpu, mine, broker) = (Cpu(), Environment.CpuUsage.TotalTime, stage.BrokerCpu);
                var start = Stopwatch.GetTimestamp();
                var window = workers.Count * JobLoad.Window;
                var phase = await load.FillAsync(stage.Queue, new JobShape(0), stage.Time, window);
                var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
                var figures = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{phase.PerSecond:#,0} jobs/s; cores busy: broker {(stage.BrokerCpu - broker) / took:0.0}"
                    + $", workers {(Cpu() - cpu) / took:0.0}"
                    + $", load {(Environment.CpuUsage.TotalTime - mine).TotalSeconds / took:0.0}"
                    + $", of {Environment.ProcessorCount}");
                findings.Add(new($"{workers.Count} {(workers.Count == 1 ? "replica" : "replicas")}", figures));
            }
        }
        finally
        {
            foreach (var worker in workers) await worker.DisposeAsync();
        }
        stage.Check(load);
        return findings;

        double Cpu() => workers.Sum(worker => worker.Cpu);
    }
}
