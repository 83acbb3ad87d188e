namespace ReWorker.Mutants.Run;

/// <summary>What the tests made of a mutant.</summary>
internal sealed record Verdict(Case Case, TestRun Run)
{
    public bool IsFound => Run.Failure is not null;

    /// <summary>It survived without a reason, or was found in spite of one.</summary>
    public bool IsUnexpected => IsFound == Case.Mutant.Survives is not null;

    public override string ToString()
    {
        var mutant = Case.Mutant;
        var outcome = (IsFound, mutant.Survives) switch
        {
            (true, null) => $"found      {mutant.Name}",
            (true, _) => $"STALE      {mutant.Name}: it was found, so remove its reason to survive",
            (false, null) => $"SURVIVED   {mutant.Name}",
            _ when mutant.IsEquivalent => $"equivalent {mutant.Name}",
            _ => $"survived   {mutant.Name}: {mutant.Survives}",
        };
        var tests = Run.Failure ?? $"{Run.Passed} tests of {string.Join(", ", Case.Tests)} passed";
        return $"{outcome}\n           {mutant.Symbol}: `{Shorten(mutant.Original)}` -> `{Shorten(mutant.Replacement)}`"
            + $"\n           {tests} ({Run.Took.TotalSeconds:0.0} s)";
    }

    private static string Shorten(string code)
    {
        var line = string.Join(' ', code.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 100 ? line : $"{line[..99]}…";
    }
}
