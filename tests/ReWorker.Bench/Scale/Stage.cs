using ReWorker.Bench.Load;
using ReWorker.Bench.Running;
using ReWorker.TestKit;

namespace ReWorker.Bench.Scale;

/// <summary>The environment of a run: the broker, the run's own queue and the worker to start on it.</summary>
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

    /// <summary>Starts the worker on a queue that has jobs already.</summary>
    public WorkerProcess StartBehind(JobLoad load) => worker.Start(broker.Address, Queue, load.ReplyTo, 16);

    public double BrokerCpu => broker.Cpu ?? double.NaN;

    /// <summary>Collects the violations at the end of a run.</summary>
    public void Check(JobLoad load)
    {
        load.Table.Close();
        Violations.AddRange(load.Table.Violations);
    }
}
