using System.Diagnostics;
using System.Globalization;

namespace ReWorker.Faults;

/// <summary>Three workers, jobs all the time, a random fault every 20 s: nothing lost, every copy explained, nothing leaks.</summary>
internal sealed class Soak(TimeSpan length, string? picture) : Fault(RowName, "three workers; every 20 s, at random: restart, kill, pause, reset, all connections closed, a worker killed")
{
    public const string RowName = "soak";

    private const string WorkerKilled = "worker killed";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(20);

    private readonly List<(TimeSpan At, TimeSpan End, string What)> _faults = [];
    private readonly List<(TimeSpan At, int Worker, Resources Is)> _samples = [];
    private readonly Dictionary<SentJob, TimeSpan> _sent = [];
    private readonly WorkerProcess?[] _workers = new WorkerProcess?[3];
    private readonly long _began = Stopwatch.GetTimestamp();

    public override bool IsQuick => false;

    public override bool NeedsContainer => true;

    public override TimeSpan Limit => length + TimeSpan.FromMinutes(6);

    public override string NoRemedy => "it is all of them together";

    /// <summary>What the run was like, in a line or two.</summary>
    public string Summary { get; private set; } = "";

    private TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.Start();
        for (var worker = 0; worker < 3; worker++) _workers[worker] = bench.StartWorker();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));

        using var enough = new CancellationTokenSource();
        var load = LoadAsync(bench, enough.Token);
        var watch = SampleAsync(enough.Token);
        while (Now < length)
        {
            await Task.Delay(Pace, CancellationToken.None);
            await HarmAsync(bench);
        }
        await enough.CancelAsync();
        await load;
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(60));
        // a fault may cost a job that was on its way one more run at each other worker: they lose their connections one after the other
        foreach (var (job, at) in _sent) job.Runs += FaultsDuring(job, at).Sum(fault => fault.What == WorkerKilled ? 1 : _workers.Length - 1);
        await bench.CleanAsync(TimeSpan.FromSeconds(90), restarted: true, consumers: 3);
        await watch;
        Explain(bench);
        if (picture is not null) await File.WriteAllTextAsync(picture, Chart.Of(_samples, _faults, Now));
    }

    private async Task LoadAsync(Bench bench, CancellationToken enough)
    {
        for (var number = 0; !enough.IsCancellationRequested; number++)
        {
            var at = Now;
            var job = number % 10 == 0 ? await bench.SendAsync("talk", seconds: 3) : await bench.SendAsync(seconds: Random.Shared.NextDouble());
            _sent[job] = at;
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private async Task HarmAsync(Bench bench)
    {
        var kind = Random.Shared.Next(6);
        var at = Now;
        var what = kind switch { 0 => "restart", 1 => "broker killed", 2 => "pause", 3 => "reset", 4 => "closed", _ => WorkerKilled };
        switch (kind)
        {
            case 0: await bench.StopAppAsync(TimeSpan.FromSeconds(2)); break;
            case 1: await bench.Broker.KillAsync(); await bench.Broker.StartAsync(); break;
            case 2: await bench.Broker.FreezeAsync(); await Task.Delay(5000); await bench.Broker.ThawAsync(); break;
            case 3: bench.Proxy.Reset(); break;
            case 4: await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "soak"); break;
            default:
                var victim = Random.Shared.Next(3);
                await _workers[victim]!.SignalAsync("KILL");
                _workers[victim] = null;
                _workers[victim] = bench.StartWorker();
                break;
        }
        _faults.Add((at, Now, what));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{at:mm\\:ss} {what}; {bench.Jobs} jobs, {bench.Requester.Jobs.Count(job => job.Terminal.IsCompleted)} answered, {bench.Duplicates} copies"));
    }

    private async Task SampleAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            for (var worker = 0; worker < 3; worker++)
            {
                try
                {
                    if (_workers[worker] is { HasExited: false } process) _samples.Add((Now, worker, process.Resources()));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    // it was killed this moment
                }
            }
            await Task.Delay(2000, CancellationToken.None);
        }
    }

    /// <summary>The faults that were on, for a moment at least, between a job's sending and the last that was heard of it: some take seconds to begin.</summary>
    private List<(TimeSpan At, TimeSpan End, string What)> FaultsDuring(SentJob job, TimeSpan sent)
    {
        var heard = Stopwatch.GetElapsedTime(_began, job.HeardAt);
        return [.. _faults.Where(fault => fault.End > sent && fault.At < heard)];
    }

    /// <summary>A message may come twice, under one id, only if a fault came between its job's sending and its end.</summary>
    private void Explain(Bench bench)
    {
        var copied = _sent.Where(one => one.Key.Copies > 0).ToList();
        foreach (var (job, at) in copied) Bench.Check(FaultsDuring(job, at).Count > 0, $"{job.Id}, sent at {at}: {job.Copies} copies, and no fault while it was on its way");
        var again = _sent.Keys.Count(job => bench.RunsOf(job) > 1);
        var (first, last) = (_samples.Where(one => one.At < Now / 4).ToList(), _samples.Where(one => one.At > Now * 3 / 4).ToList());
        var (memory, threads, handles) = (Most(one => one.Memory >> 20), Most(one => one.Threads), Most(one => one.Handles));
        Summary = string.Create(CultureInfo.InvariantCulture,
            $"{Now:mm\\:ss}, {bench.Jobs} jobs, {_faults.Count} faults ({string.Join(", ", _faults.GroupBy(one => one.What).Select(one => $"{one.Count()} {one.Key}"))}); every job answered once, {again} ran again and {copied.Count} have copies under the same id, each with a fault while it was on its way; at most, in the first quarter and in the last: {memory.First} and {memory.Last} MiB, {threads.First} and {threads.Last} threads, {handles.First} and {handles.Last} handles.");
        Bench.Check(memory.Last < memory.First + 64, $"memory grows: {memory} MiB");
        Bench.Check(threads.Last < threads.First + 16, $"threads grow: {threads}");
        Bench.Check(handles.Last < handles.First + 16, $"handles grow: {handles}");

        (long First, long Last) Most(Func<Resources, long> of) => (first.Max(one => of(one.Is)), last.Max(one => of(one.Is)));
    }
}
