using System.Diagnostics;
using System.Globalization;

namespace ReWorker.Faults;

/// <summary>
/// Three workers, jobs all the time, a random fault every 20 s: no job is lost, every copy is explained, nothing leaks.
/// </summary>
internal sealed class Soak(TimeSpan length, string? picture)
{
    public const string RowName = "soak";

    private const string WorkerKilled = "worker killed";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(20);

    private readonly List<(TimeSpan At, TimeSpan End, string What)> _faults = [];
    private readonly List<(TimeSpan At, int Worker, Resources Is)> _samples = [];
    private readonly Dictionary<SentJob, TimeSpan> _sent = [];
    private readonly WorkerProcess?[] _workers = new WorkerProcess?[3];
    private readonly long _began = Stopwatch.GetTimestamp();

    public Fault Row => new(
        RowName,
        "three workers; every 20 s at random: restart, kill or pause of the broker, resets, all connections closed, "
        + "a worker killed")
    {
        IsQuick = false,
        NeedsContainer = true,
        Limit = length + TimeSpan.FromMinutes(6),
        NoRemedy = "it has all of them together",
        StartsWorker = false,
        JudgesItself = true,
        Inject = RunAsync,
    };

    /// <summary>The run in a line or two.</summary>
    public string Summary { get; private set; } = "";

    private TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    private async Task RunAsync(Bench bench)
    {
        for (var worker = 0; worker < 3; worker++) _workers[worker] = bench.StartWorker();
        await bench.ReadyAsync(within: 30);

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
        await bench.RecoverAsync(within: 60);
        // workers lose their connections one after the other, so a fault may hand a job to each of the others in turn
        foreach (var (job, at) in _sent)
            job.Runs += FaultsDuring(job, at).Sum(fault => fault.What == WorkerKilled ? 1 : _workers.Length - 1);
        await bench.CleanAsync(within: 90, restarted: true, consumers: 3);
        await watch;
        Explain(bench);
        if (picture is not null) await File.WriteAllTextAsync(picture, Chart.Draw(_samples, _faults, Now));
    }

    private async Task LoadAsync(Bench bench, CancellationToken enough)
    {
        for (var number = 0; !enough.IsCancellationRequested; number++)
        {
            var at = Now;
            var job = number % 10 == 0
                ? await bench.SendAsync("talk", seconds: 3)
                : await bench.SendAsync(seconds: Random.Shared.NextDouble());
            _sent[job] = at;
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private async Task HarmAsync(Bench bench)
    {
        var kind = Random.Shared.Next(6);
        var at = Now;
        string[] names = ["restart", "broker killed", "pause", "reset", "closed", WorkerKilled];
        var what = names[kind];
        switch (kind)
        {
            case 0: await bench.StopAppAsync(seconds: 2); break;
            case 1: await bench.Broker.KillAsync(); await bench.Broker.StartAsync(); break;
            case 2: await bench.Broker.FreezeAsync(); await Task.Delay(5000); await bench.Broker.ThawAsync(); break;
            case 3: bench.Proxy.Reset(); break;
            case 4: await bench.CloseConnectionsAsync(); break;
            default:
                var victim = Random.Shared.Next(3);
                await _workers[victim]!.SignalAsync("KILL");
                _workers[victim] = null;
                _workers[victim] = bench.StartWorker();
                break;
        }
        _faults.Add((at, Now, what));
        var answered = bench.Requester.Jobs.Count(job => job.Terminal.IsCompleted);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{at:mm\\:ss} {what}; {bench.Jobs} jobs, {answered} answered, {bench.Duplicates} copies"));
    }

    private async Task SampleAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            for (var worker = 0; worker < 3; worker++)
            {
                try
                {
                    if (_workers[worker] is { HasExited: false } process)
                        _samples.Add((Now, worker, process.Resources()));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    // it was killed this moment
                }
            }
            await Task.Delay(2000, CancellationToken.None);
        }
    }

    /// <summary>The faults that lasted into the time between a job's sending and its last message.</summary>
    private List<(TimeSpan At, TimeSpan End, string What)> FaultsDuring(SentJob job, TimeSpan sent)
    {
        var heard = Stopwatch.GetElapsedTime(_began, job.HeardAt);
        return [.. _faults.Where(fault => fault.End > sent && fault.At < heard)];
    }

    /// <summary>Checks that a message has copies only if there was a fault while its job was in flight.</summary>
    private void Explain(Bench bench)
    {
        var copied = _sent.Where(one => one.Key.Copies > 0).ToList();
        foreach (var (job, at) in copied)
            Bench.Check(FaultsDuring(job, at).Count > 0, $"{job.Id}, sent at {at}: {job.Copies} copies, no fault");
        var again = _sent.Keys.Count(job => bench.RunsOf(job) > 1);
        var first = _samples.Where(one => one.At < Now / 4).ToList();
        var last = _samples.Where(one => one.At > Now * 3 / 4).ToList();
        var (memory, threads) = (Most(one => one.Memory >> 20), Most(one => one.Threads));
        var handles = Most(one => one.Handles);
        var faults = string.Join(", ", _faults.GroupBy(one => one.What).Select(one => $"{one.Count()} {one.Key}"));
        Summary = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Now:mm\:ss}, {bench.Jobs} jobs, {_faults.Count} faults ({faults}); every job got exactly one final reply.
            {again} jobs ran again and {copied.Count} have copies under the same id, each with a fault while it was in
            flight. Maximum in the first quarter and in the last: {memory.First} and {memory.Last} MiB,
            {threads.First} and {threads.Last} threads, {handles.First} and {handles.Last} handles.
            """);
        Bench.Check(memory.Last < memory.First + 64, $"memory grows: {memory} MiB");
        Bench.Check(threads.Last < threads.First + 16, $"threads grow: {threads}");
        Bench.Check(handles.Last < handles.First + 16, $"handles grow: {handles}");

        (long First, long Last) Most(Func<Resources, long> of) =>
            (first.Max(one => of(one.Is)), last.Max(one => of(one.Is)));
    }
}
