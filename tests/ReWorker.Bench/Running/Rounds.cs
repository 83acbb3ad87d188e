using System.Globalization;
using ReWorker.Bench.Load;
using ReWorker.TestKit;

namespace ReWorker.Bench.Running;

/// <summary>Starts and warms up all workers, then measures them in turn.</summary>
internal sealed class Rounds(
    Options options, BenchBroker broker, IReadOnlyList<Contestant> contestants, Action<string> print)
{
    private const int Concurrency = 16;
    private const int MaxWarmUpSeconds = 12;

    private static readonly JobShape NoOutput = new(0);
    private static readonly JobShape WithOutput = new(3);

    public List<string> Violations { get; } = [];

    public async Task<List<Sample>> RunAsync(int firstRound)
    {
        await using var load = await JobLoad.OpenAsync(broker.Address, $"bench-replies-{Guid.NewGuid():N}");
        var samples = new List<Sample>();
        var workers = new Dictionary<Contestant, WorkerProcess>();
        var warm = new Dictionary<Contestant, long>();
        try
        {
            foreach (var contestant in contestants)
            {
                (workers[contestant], _) = await contestant.StartWithJobAsync(
                    load, broker.Address, Queue(contestant), Concurrency);
                await WarmUpAsync(load, contestant, workers[contestant]);
                warm[contestant] = workers[contestant].Resident;
            }
            for (var round = 0; round < options.Rounds; round++)
            {
                // each round starts with another worker
                var first = round % contestants.Count;
                foreach (var contestant in contestants.Skip(first).Concat(contestants.Take(first)))
                {
                    var sample = await MeasureAsync(load, contestant, workers[contestant], firstRound + round);
                    samples.Add(sample with { Warm = warm[contestant] });
                    print(string.Create(
                        CultureInfo.InvariantCulture,
                        $"round {sample.Round + 1}  {contestant.Name,-12} {sample.NoOutput,6:0} /s without output"
                        + $"  {sample.WithOutput,6:0} /s with 3 lines"
                        + $"  p50 {sample.P50:0.00} ms  p99 {sample.P99:0.0} ms  {sample.Cpu:0.000} s CPU per 1,000"
                        + $" (broker {sample.BrokerCpu:0.000}, load {sample.LoadCpu:0.000})"
                        + $"  {sample.Allocated:0} B per job  start {sample.Start:0} ms"));
                }
            }
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            Violations.Add(e.Message);
            foreach (var (contestant, process) in workers)
                Violations.AddRange(process.Log.Take(5).Select(line => $"{contestant.Name}: {line}"));
        }
        finally
        {
            foreach (var process in workers.Values) await process.DisposeAsync();
        }
        load.Table.Close();
        Violations.AddRange(load.Table.Violations);
        return samples;
    }

    private static string Queue(Contestant contestant) => $"worker.bench-{contestant.Name}";

    /// <summary>Runs jobs until enough are done and another second makes the worker no faster.</summary>
    private async Task WarmUpAsync(JobLoad load, Contestant contestant, WorkerProcess process)
    {
        var (jobs, last, seconds) = (0, 0.0, 0);
        while (true)
        {
            var withOutput = await load.FillAsync(Queue(contestant), WithOutput, TimeSpan.FromSeconds(0.5));
            var length = TimeSpan.FromSeconds(options.IsQuick ? 0.5 : 1);
            var phase = await load.FillAsync(Queue(contestant), NoOutput, length);
            jobs += withOutput.Jobs + phase.Jobs;
            seconds += 2;
            if (phase.PerSecond < last * 1.03 && jobs >= options.Warm) break;
            if (seconds >= (options.IsQuick ? 4 : MaxWarmUpSeconds)) break;
            last = phase.PerSecond;
        }
        if (process.HasExited) throw new InvalidOperationException($"{contestant.Name} has exited: {process.LogText}");
    }

    private async Task<Sample> MeasureAsync(JobLoad load, Contestant contestant, WorkerProcess process, int round)
    {
        var time = TimeSpan.FromSeconds(options.Seconds);
        var noOutput = await PhaseAsync(load, contestant, process, NoOutput, time);
        var withOutput = await PhaseAsync(load, contestant, process, WithOutput, time);
        // the first jobs after the load are not measured, because it still has effects
        await load.OneByOneAsync(Queue(contestant), NoOutput, options.Latencies / 10);
        var latencies = await load.OneByOneAsync(Queue(contestant), NoOutput, options.Latencies);
        latencies.Sort();
        return new Sample(round, contestant.Name)
        {
            NoOutput = noOutput.PerSecond,
            WithOutput = withOutput.PerSecond,
            Cpu = noOutput.Cpu,
            CpuWithOutput = withOutput.Cpu,
            BrokerCpu = noOutput.BrokerCpu,
            BrokerCpuWithOutput = withOutput.BrokerCpu,
            LoadCpu = noOutput.LoadCpu,
            Allocated = noOutput.Allocated,
            AllocatedWithOutput = withOutput.Allocated,
            P50 = latencies[latencies.Count / 2],
            P99 = latencies[(int)(latencies.Count * 0.99)],
            Resident = process.Resident,
            Peak = process.Peak,
            Start = await FreshStartAsync(load, contestant),
        };
    }

    /// <summary>Starts another process of the same worker on its own queue, and stops it after its first job.</summary>
    private async Task<double> FreshStartAsync(JobLoad load, Contestant contestant)
    {
        var (process, took) = await contestant.StartWithJobAsync(
            load, broker.Address, $"{Queue(contestant)}-start", Concurrency);
        await process.DisposeAsync();
        return took;
    }

    private async Task<(double PerSecond, double Cpu, double? BrokerCpu, double LoadCpu, double Allocated)> PhaseAsync(
        JobLoad load, Contestant contestant, WorkerProcess process, JobShape shape, TimeSpan time)
    {
        var (allocated, cpu, brokerCpu) = (await contestant.AllocatedAsync(process), process.Cpu, broker.Cpu);
        var loadCpu = Environment.CpuUsage.TotalTime;
        var phase = await load.FillAsync(Queue(contestant), shape, time);
        var thousands = phase.Jobs / 1000.0;
        return (
            phase.PerSecond, (process.Cpu - cpu) / thousands, (broker.Cpu - brokerCpu) / thousands,
            (Environment.CpuUsage.TotalTime - loadCpu).TotalSeconds / thousands,
            (await contestant.AllocatedAsync(process) - allocated) / phase.Jobs);
    }
}
