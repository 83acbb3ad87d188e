using ReWorker.Bench.Load;
using ReWorker.Bench.Running;
using ReWorker.TestKit;

namespace ReWorker.Bench.Scale;

/// <summary>What a run works with: the broker, a queue of its own, and the worker to start on it.</summary>
internal sealed class Stage(Options options, BenchBroker broker, Contestant worker, string name)
{
    public bool IsQuick => options.IsQuick;

    public TimeSpan Time => TimeSpan.FromSeconds(options.Seconds);

    public string Queue { get; } = $"worker.scale-{name}";

    public List<string> Violations { get; } = [];

    public Task<JobLoad> LoadAsync(bool reads = true) =>
        JobLoad.OpenAsync(broker.Address, $"scale-replies-{Guid.NewGuid():N}", reads);

    public async Task<WorkerProcess> StartAsync(JobLoad load, int concurrency = 16) =>
        (await worker.StartWithJobAsync(load, broker.Address, Queue, concurrency)).Process;

    /// <summary>Without waiting for its first job, which others stand before.</summary>
    public WorkerProcess StartBehind(JobLoad load) => worker.Start(broker.Address, Queue, load.ReplyTo, 16);

    public double BrokerCpu => broker.Cpu ?? double.NaN;

    /// <summary>To be called when a run is over.</summary>
    public void Check(JobLoad load)
    {
        load.Table.Close();
        Violations.AddRange(load.Table.Violations);
    }
}
