namespace ReWorker.Faults;

/// <summary>What the worker did is not what a perfect worker does.</summary>
internal sealed class FaultException(string message) : Exception(message);

/// <summary>One row of the matrix.</summary>
/// <param name="name">As given on the command line.</param>
/// <param name="how">How the fault is made, for the page.</param>
internal abstract class Fault(string name, string how)
{
    public string Name => name;

    public string How => how;

    /// <summary>The brokers on which it is run.</summary>
    public virtual On On => On.V43;

    /// <summary>True if it takes less than 20 s: CI runs it.</summary>
    public virtual bool IsQuick => true;

    /// <summary>True if it needs a container to ill-treat, or rights that only a container gives.</summary>
    public virtual bool NeedsContainer => false;

    /// <summary>True if it is about three nodes.</summary>
    public virtual bool NeedsCluster => false;

    /// <summary>True if it does something to the broker as a whole, or watches the clock closely: no other row is run meanwhile.</summary>
    public virtual bool IsAlone => NeedsContainer || NeedsCluster;

    public virtual TimeSpan Limit => TimeSpan.FromMinutes(IsQuick ? 1.5 : 8);

    /// <summary>The worker's settings.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> Settings => [];

    /// <summary>What the worker lacks in a normal run already: with it, the fault would not come about.</summary>
    public virtual IReadOnlyList<Mutant> Lacks => [];

    /// <summary>What the worker must lack for the row to fail ...</summary>
    public virtual IReadOnlyList<Mutant> Remedy => [];

    /// <summary>... or settings that put the remedy out of reach.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [];

    /// <summary>Why there is no remedy to take away.</summary>
    public virtual string? NoRemedy => null;

    public abstract Task RunAsync(Bench bench);

    protected static KeyValuePair<string, string> Set(string key, string value) => new(key, value);
}
