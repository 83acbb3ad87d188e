using System.Globalization;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Scale;

/// <summary>Jobs with large bodies; as many in the queue as make 32 MiB.</summary>
internal static class Bodies
{
    public static async Task<List<Finding>> RunAsync(Stage stage)
    {
        await using var load = await stage.LoadAsync();
        await using var worker = await stage.StartAsync(load);
        var findings = new List<Finding>();
        foreach (var (bytes, title) in new[] { (1 << 10, "1 KiB"), (64 << 10, "64 KiB"), (1 << 20, "1 MiB") })
        {
            var window = Math.Clamp((32 << 20) / bytes, 16, JobLoad.Window);
            await load.FillAsync(stage.Queue, new JobShape(0, bytes), TimeSpan.FromSeconds(1), window);
            var phase = await load.FillAsync(stage.Queue, new JobShape(0, bytes), stage.Time, window);
            var figures = string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.PerSecond:#,0} jobs/s, {phase.PerSecond * bytes / 1e6:#,0} MB/s; "
                + $"memory {worker.Resident / 1e6:0} MB, peak {worker.Peak / 1e6:0} MB");
            findings.Add(new($"bodies of {title}", figures));
        }
        stage.Check(load);
        return findings;
    }
}
