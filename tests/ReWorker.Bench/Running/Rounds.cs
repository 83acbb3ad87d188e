using System.Globalization;
using ReWorker.Bench.Load;
using ReWorker.TestKit;

namespace ReWorker.Bench.Running;

/// <summary>Starts all workers, warms each until it is settled, then measures them in turns.</summary>
internal sealed class Rounds(
    Options options, BenchBroker broker, IReadOnlyList<Contestant> contestants, Action<string> say)
{
    private const int Concurrency = 16;
    private const int MostWarmSeconds = 12;

    private static readonly JobShape Bare = new(0);
    private static readonly JobShape Talking = new(3);

    public List<string> Violations { get; } = [];

    public async Task<List<Sample>> RunAsync(int firstRound)
    {
        await using var load = await JobLoad.OpenAsync(broker.Address, $"bench-replies-{Guid.NewGuid():N}");
        var samples = new List<Sample>();
        var workers = new Dictionary<Contestant, WorkerProcess>();
        var warm = new Dictionary<Contestant, long>();
        try
        {
            foreach (var one in contestants)
            {
                (workers[one], _) = await one.StartWithJobAsync(load, broker.Address, Queue(one), Concurrency);
                await WarmAsync(load, one, workers[one]);
                warm[one] = workers[one].Resident;
            }
            for (var round = 0; round < options.Rounds; round++)
            {
                // another one begins each time
                var first = round % contestants.Count;
                foreach (var one in contestants.Skip(first).Concat(contestants.Take(first)))
                {
                    var sample = await MeasureAsync(load, one, workers[one], firstRound + round);
                    samples.Add(sample with { Warm = warm[one] });
                    say(string.Create(
                        CultureInfo.InvariantCulture,
                        $"round {sample.Round + 1}  {one.Name,-12} {sample.Bare,6:0} /s bare"
                        + $"  {sample.Talking,6:0} /s with 3 lines  p50 {sample.P50:0.00} ms  p99 {sample.P99:0.0} ms"
                        + $"  {sample.Cpu:0.000} s CPU per 1,000"
                        + $" (broker {sample.BrokerCpu:0.000}, load {sample.LoadCpu:0.000})"
                        + $"  {sample.Allocated:0} B a job  start {sample.Start:0} ms"));
                }
            }
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            Violations.Add(e.Message);
            foreach (var (one, process) in workers)
                Violations.AddRange(process.Log.Take(5).Select(line => $"{one.Name}: {line}"));
        }
        finally
        {
            foreach (var process in workers.Values) await process.DisposeAsync();
        }
        load.Table.Close();
        Violations.AddRange(load.Table.Violations);
        return samples;
    }

    private static string Queue(Contestant one) => $"worker.bench-{one.Name}";

    /// <summary>Until a second more makes it no faster, and so many jobs are done.</summary>
    private async Task WarmAsync(JobLoad load, Contestant one, WorkerProcess process)
    {
        var (jobs, last, seconds) = (0, 0.0, 0);
        while (true)
        {
            var talked = await load.FillAsync(Queue(one), Talking, TimeSpan.FromSeconds(0.5));
            var phase = await load.FillAsync(Queue(one), Bare, TimeSpan.FromSeconds(options.IsQuick ? 0.5 : 1));
            jobs += talked.Jobs + phase.Jobs;
            seconds += 2;
            if (phase.PerSecond < last * 1.03 && jobs >= options.Warm) break;
            if (seconds >= (options.IsQuick ? 4 : MostWarmSeconds)) break;
            last = phase.PerSecond;
        }
        if (process.HasExited) throw new InvalidOperationException($"{one.Name} has ended: {process.LogText}");
    }

    private async Task<Sample> MeasureAsync(JobLoad load, Contestant one, WorkerProcess process, int round)
    {
        var time = TimeSpan.FromSeconds(options.Seconds);
        var bare = await PhaseAsync(load, one, process, Bare, time);
        var talking = await PhaseAsync(load, one, process, Talking, time);
        // what the load left behind is no part of it
        await load.OneByOneAsync(Queue(one), Bare, options.Latencies / 10);
        var latencies = await load.OneByOneAsync(Queue(one), Bare, options.Latencies);
        latencies.Sort();
        return new Sample(round, one.Name)
        {
            Bare = bare.PerSecond,
            Talking = talking.PerSecond,
            Cpu = bare.Cpu,
            CpuTalking = talking.Cpu,
            BrokerCpu = bare.BrokerCpu,
            BrokerCpuTalking = talking.BrokerCpu,
            LoadCpu = bare.LoadCpu,
            Allocated = bare.Allocated,
            AllocatedTalking = talking.Allocated,
            P50 = latencies[latencies.Count / 2],
            P99 = latencies[(int)(latencies.Count * 0.99)],
            Resident = process.Resident,
            Peak = process.Peak,
            Start = await FreshStartAsync(load, one),
        };
    }

    /// <summary>Another process of the same worker, on a queue of its own; it is stopped again.</summary>
    private async Task<double> FreshStartAsync(JobLoad load, Contestant one)
    {
        var (process, took) = await one.StartWithJobAsync(load, broker.Address, $"{Queue(one)}-start", Concurrency);
        await process.DisposeAsync();
        return took;
    }

    private async Task<(double PerSecond, double Cpu, double? BrokerCpu, double LoadCpu, double Allocated)> PhaseAsync(
        JobLoad load, Contestant one, WorkerProcess process, JobShape shape, TimeSpan time)
    {
        var (allocated, cpu, brokerCpu) = (await one.AllocatedAsync(process), process.Cpu, broker.Cpu);
        var loadCpu = Environment.CpuUsage.TotalTime;
        var phase = await load.FillAsync(Queue(one), shape, time);
        var thousands = phase.Jobs / 1000.0;
        return (
            phase.PerSecond, (process.Cpu - cpu) / thousands, (broker.Cpu - brokerCpu) / thousands,
            (Environment.CpuUsage.TotalTime - loadCpu).TotalSeconds / thousands,
            (await one.AllocatedAsync(process) - allocated) / phase.Jobs);
    }
}
