using ReWorker.Mutants;

namespace ReWorker.Faults;

/// <summary>The worker did something that a correct worker does not do.</summary>
internal sealed class FaultException(string message) : Exception(message);

/// <summary>A row of the matrix: a fault, its settings, and what is expected beyond a clean end.</summary>
/// <param name="name">As given on the command line.</param>
/// <param name="how">How the fault is caused, for the page.</param>
internal sealed class Fault(string name, string how)
{
    private readonly TimeSpan? _limit;

    public string Name => name;

    public string How => how;

    /// <summary>Causes the fault and ends it.</summary>
    public required Func<Bench, Task> Inject { get; init; }

    /// <summary>The brokers that the row runs on.</summary>
    public On On { get; init; } = On.V43;

    /// <summary>True if it takes less than 20 s: CI runs it.</summary>
    public bool IsQuick { get; init; } = true;

    /// <summary>True if it needs a container that it can damage, or rights that only a container gives.</summary>
    public bool NeedsContainer { get; init; }

    /// <summary>True if it needs a cluster of three nodes.</summary>
    public bool NeedsCluster { get; init; }

    /// <summary>True if it affects the whole broker, or measures short times: no other row runs meanwhile.</summary>
    public bool IsAlone { get => field || NeedsContainer || NeedsCluster; init; }

    public TimeSpan Limit { get => _limit ?? TimeSpan.FromMinutes(IsQuick ? 1.5 : 8); init => _limit = value; }

    /// <summary>The worker's settings.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>The mutants of a normal run: without them the fault could not occur.</summary>
    public IReadOnlyList<Mutant> Lacks { get; init; } = [];

    /// <summary>The mutants with which the row must fail ...</summary>
    public IReadOnlyList<Mutant> Remedy { get; init; } = [];

    /// <summary>... or the settings with which it must.</summary>
    public Dictionary<string, string> WithoutRemedy { get; } = [];

    /// <summary>Why no remedy can be removed.</summary>
    public string? NoRemedy { get; init; }

    /// <summary>Prepares the broker before the worker starts.</summary>
    public Func<Bench, Task>? Before { get; init; }

    /// <summary>False if the fault exists before the worker: <see cref="Inject"/> starts the worker then.</summary>
    public bool StartsWorker { get; init; } = true;

    /// <summary>Seconds from the fault's end until the worker is ready; null if nobody checks.</summary>
    public double? ReadyWithin { get; init; }

    /// <summary>Seconds until a job completes again.</summary>
    public double RecoversWithin { get; init; } = 10;

    /// <summary>Seconds that each job may still take after that.</summary>
    public double CleanWithin { get; init; } = 10;

    /// <summary>True if another process is there at the end than at the start.</summary>
    public bool IsRestarted { get; init; }

    /// <summary>How many reconnects the worker must have counted; null if nobody checks.</summary>
    public int? Reconnects { get; init; }

    /// <summary>True if <see cref="Inject"/> makes all checks itself, except that of the logs.</summary>
    public bool JudgesItself { get; init; }

    public async Task RunAsync(Bench bench)
    {
        if (Before is not null) await Before(bench);
        if (StartsWorker) await bench.WarmUpAsync();
        else bench.Requester.Start();
        await Inject(bench);
        if (!JudgesItself) await JudgeAsync(bench);
        bench.CheckLogs();
    }

    private async Task JudgeAsync(Bench bench)
    {
        bench.Over();
        if (ReadyWithin is { } within) await bench.ReadyAsync(within);
        if (bench.Recovery is null) await bench.RecoverAsync(RecoversWithin);
        await bench.CleanAsync(CleanWithin, IsRestarted);
        await bench.CheckRowAsync();
        if (Reconnects is not { } expected) return;
        var counted = await bench.Worker.MetricAsync("reworker_reconnects_total");
        Bench.Check(counted == expected, $"{counted} reconnects were counted, {expected} expected");
    }
}
