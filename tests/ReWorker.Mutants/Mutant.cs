using Microsoft.CodeAnalysis;

namespace ReWorker.Mutants;

/// <summary>A change to one expression or statement of the runtime, in whichever file its symbol is.</summary>
/// <param name="Name">Selects the mutant at run time and names it in reports. Unique, without commas.</param>
/// <param name="Symbol">Type and member, as in <c>Ledger.Take</c>. Overloads and parts of a type count as one.</param>
/// <param name="Original">Occurs in the member exactly once. Compared as syntax: white space does not matter.</param>
/// <param name="Replacement">An expression for an expression; for a statement, any number of statements.</param>
internal sealed record Mutant(string Name, string Symbol, string Original, string Replacement);

/// <summary>A mutant whose original has been found in the source.</summary>
internal sealed record Change(string Name, SyntaxNode Original, string Replacement);

/// <summary>A mutant does not fit the source; the message names mutant, symbol and fragment.</summary>
internal sealed class StaleMutantException(string message) : Exception(message);
