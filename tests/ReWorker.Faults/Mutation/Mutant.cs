namespace ReWorker.Faults;

/// <summary>A change to the runtime's source that takes one remedy out of it.</summary>
/// <param name="Name">Of the remedy.</param>
/// <param name="File">Below content/.</param>
/// <param name="Original">Stands in the file exactly once.</param>
/// <param name="Replacement">What stands there without the remedy.</param>
internal sealed record Mutant(string Name, string File, string Original, string Replacement)
{
    public string Apply(string source)
    {
        var parts = source.Split(Original);
        return parts.Length == 2 ? string.Join(Replacement, parts) : throw new InvalidOperationException($"{Name}: its original stands {parts.Length - 1} times in {File}, not once");
    }
}
