using System.Collections.Concurrent;
using System.Diagnostics;
using ReWorker.Mutants;
using Spectre.Console;

namespace ReWorker.Faults;

/// <summary>The result of a row on one broker.</summary>
internal sealed record Verdict(
    Fault Fault, string Broker, bool IsClean, bool IsSkipped, string Text, int Jobs = 0, int Duplicates = 0,
    double? Recovery = null, double Took = 0);

/// <summary>
/// Runs rows on their brokers: all brokers at the same time; on each broker several rows at a time, then one by one
/// those that need the broker to themselves.
/// </summary>
internal sealed class Matrix(Options options, IReadOnlyList<Fault> faults, Builds builds) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<On, RabbitBroker> _brokers = [];
    private RabbitBroker? _cluster;
    private bool? _hasEngine;

    public async Task<List<Verdict>> RunAsync(Action<Verdict> done, CancellationToken cancel)
    {
        var verdicts = new ConcurrentQueue<Verdict>();
        await Task.WhenAll(new[] { On.V43, On.V40, On.V310 }.Select(kind => RunAsync(kind, Add, cancel)));
        var order = faults.ToList();
        return
        [
            .. verdicts.OrderBy(one => order.IndexOf(one.Fault)).ThenByDescending(one => Version.Parse(one.Broker)),
        ];

        void Add(Verdict verdict)
        {
            verdicts.Enqueue(verdict);
            done(verdict);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _brokers.Values) await broker.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
    }

    private async Task RunAsync(On kind, Action<Verdict> done, CancellationToken cancel)
    {
        async Task JudgeAsync(Fault fault)
        {
            if (!cancel.IsCancellationRequested) done(await RunAsync(fault, kind, cancel));
        }
        var rows = faults.Where(one => Runs(one, kind)).ToLookup(one => one.IsAlone);
        if (rows[false].Any()) await OpenAsync(kind, isCluster: false);
        // the longest first: no single long row is left at the end
        await Parallel.ForEachAsync(
            rows[false].OrderByDescending(one => one.Limit),
            new ParallelOptions { MaxDegreeOfParallelism = options.AtOnce },
            async (fault, _) => await JudgeAsync(fault));
        foreach (var fault in rows[true]) await JudgeAsync(fault);
        if (_brokers.TryRemove(kind, out var broker)) await broker.DisposeAsync();
    }

    private bool Runs(Fault fault, On kind) => options.Brokers.HasFlag(kind)
        // alone, as on a machine without Docker, the private node stands in for the other brokers
        && (fault.On.HasFlag(kind) || (options.Brokers == On.V310 && fault.IsQuick && !fault.NeedsContainer));

    private async Task<Verdict> RunAsync(Fault fault, On kind, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        double Took() => Stopwatch.GetElapsedTime(began).TotalSeconds;
        var broker = await OpenAsync(kind, fault.NeedsCluster);
        if (broker is null) return new(fault, Label(kind), false, true, "skipped: no Docker engine, or no such broker");
        if (fault.NeedsContainer && broker is not ContainerBroker)
            return new(fault, broker.Version, false, true, "skipped: needs a container");
        if (options.WithoutRemedy && fault.NoRemedy is { } why)
            return new(fault, broker.Version, false, true, $"no remedy to remove: {why}");

        IReadOnlyList<Mutant> mutants = options.WithoutRemedy ? [.. fault.Lacks, .. fault.Remedy] : fault.Lacks;
        string program;
        Dictionary<string, string> settings;
        try
        {
            (program, settings) = await builds.ProgramAsync(mutants);
        }
        catch (Exception e) when (e is InvalidOperationException or StaleMutantException)
        {
            return new(fault, broker.Version, false, false, e.Message);
        }
        foreach (var (key, value) in options.WithoutRemedy ? fault.WithoutRemedy : []) settings[key] = value;
        var bench = new Bench(broker, fault, program, settings);
        string? problem = null;
        try
        {
            await bench.OpenAsync();
            began = Stopwatch.GetTimestamp();
            await fault.RunAsync(bench).WaitAsync(fault.Limit, cancel);
        }
        catch (Exception e)
        {
            problem = e is FaultException ? e.Message : $"{e.GetType().Name}: {e.Message}";
            if (options.IsVerbose && !options.WithoutRemedy && !cancel.IsCancellationRequested)
                await DumpAsync(bench, e);
        }
        var took = Took();
        try
        {
            await bench.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        }
        catch (Exception e)
        {
            problem ??= $"cleanup: {e.Message}";
        }
        // the next row gets a new broker: the fault may not have been undone
        if (problem is not null && fault.IsAlone)
        {
            if (broker == _cluster) _cluster = null;
            else _brokers.TryRemove(kind, out _);
            await broker.DisposeAsync();
        }

        if (problem is not null && cancel.IsCancellationRequested)
            return new(fault, broker.Version, false, true, "interrupted", bench.Jobs, bench.Duplicates, null, took);
        var isClean = options.WithoutRemedy ? problem is not null : problem is null;
        var text = (options.WithoutRemedy, problem) switch
        {
            (false, _) => problem ?? "Clean",
            (true, null) => "Clean all the same: the row proves nothing",
            (true, _) => $"fails: {problem}",
        };
        return new(fault, broker.Version, isClean, false, text, bench.Jobs, bench.Duplicates, bench.Recovery, took);
    }

    private static async Task DumpAsync(Bench bench, Exception e)
    {
        Console.WriteLine(e);
        try
        {
            foreach (var queue in new[] { Bench.Queue, bench.Requester.ReplyQueue })
            {
                var (ready, unacked, consumers) = await bench.QueueAsync(queue);
                Console.WriteLine($"--- {queue}: {ready} ready, {unacked} unacknowledged, {consumers} consumers");
            }
        }
        catch (Exception broken)
        {
            Console.WriteLine($"--- the broker does not answer: {broken.Message}");
        }
        foreach (var worker in bench.Workers)
        {
            AnsiConsole.WriteLine($"--- worker {worker.Id}{(worker.HasExited ? ", ended" : "")}");
            foreach (var line in worker.Log.TakeLast(60)) Console.WriteLine(line);
        }
    }

    private static string Label(On kind) => kind switch { On.V43 => "4.3", On.V40 => "4.0", _ => "3.10" };

    private async Task<RabbitBroker?> OpenAsync(On kind, bool isCluster)
    {
        if (isCluster)
        {
            if (_cluster is not null) return _cluster;
            _hasEngine ??= await ContainerBroker.HasEngineAsync();
            return _hasEngine.Value ? _cluster = await new Cluster("rabbitmq:4.3-management").OpenAsync() : null;
        }
        if (_brokers.TryGetValue(kind, out var open)) return open;
        _hasEngine ??= await ContainerBroker.HasEngineAsync();
        RabbitBroker? broker = kind switch
        {
            On.V310 => PrivateBroker.IsInstalled ? await new PrivateBroker().OpenAsync() : null,
            _ when !_hasEngine.Value => null,
            On.V43 => await new ContainerBroker("rabbitmq:4.3-management").OpenAsync(),
            _ => await new ContainerBroker("rabbitmq:4.0-management").OpenAsync(),
        };
        if (broker is not null) _brokers[kind] = broker;
        return broker;
    }
}
