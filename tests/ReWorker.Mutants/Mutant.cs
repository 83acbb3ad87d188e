using Microsoft.CodeAnalysis;

namespace ReWorker.Mutants;

/// <summary>A change to one expression or statement of the runtime, in whichever file its symbol is.</summary>
/// <param name="Name">Selects the mutant at run time and names it in reports. Unique, without commas.</param>
/// <param name="Symbol">Type and member, as in <c>Ledger.Take</c>. Overloads and parts of a type count as one.</param>
/// <param name="Original">Occurs in the member exactly once. Compared as syntax: white space does not matter.</param>
/// <param name="Replacement">An expression for an expression; for a statement, any number of statements.</param>
internal sealed record Mutant(string Name, string Symbol, string Original, string Replacement)
{
    /// <summary>The test classes that should find it, if not those of its table: <c>LedgerTests</c>.</summary>
    public IReadOnlyList<string>? Tests { get; init; }

    /// <summary>
    /// Why no test of the suite can find it. A mutant that changes nothing has a reason that starts with "equivalent",
    /// and does not count; otherwise the reason names the row of the fault matrix that finds it.
    /// </summary>
    public string? Survives { get; init; }

    /// <summary>True if the mutant changes nothing that a test could see.</summary>
    public bool IsEquivalent => Survives?.StartsWith("equivalent", StringComparison.OrdinalIgnoreCase) is true;
}

/// <summary>Small, plausible defects of one folder, and the test classes that should find them.</summary>
/// <param name="Folder">Below <c>content/</c>, as in <c>Runtime/Running</c>.</param>
internal sealed record DefectTable(string Folder, IReadOnlyList<string> Tests, IReadOnlyList<Mutant> Mutants)
{
    /// <summary>Every table: each class in the folder Defects has one, in its property Table.</summary>
    public static IReadOnlyList<DefectTable> All { get; } =
    [
        .. from type in typeof(DefectTable).Assembly.GetTypes()
           where type.Namespace == "ReWorker.Mutants.Defects" && type.GetProperty("Table") is not null
           select (DefectTable)type.GetProperty("Table")!.GetValue(null)!,
    ];
}

/// <summary>A mutant whose original has been found in the source.</summary>
internal sealed record Change(string Name, SyntaxNode Original, string Replacement);

/// <summary>A mutant does not fit the source; the message names mutant, symbol and fragment.</summary>
internal sealed class StaleMutantException(string message) : Exception(message);
