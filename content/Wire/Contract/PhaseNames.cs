namespace ReWorker.Wire.Contract;

/// <summary>The names of the phases in bodies. A status reply has the same three.</summary>
internal static class PhaseNames
{
    public const string Started = "started";
    public const string Completed = "completed";
    public const string Failed = "failed";
    public static readonly string[] All = [Started, Completed, Failed]; // in the order of the enumeration

    public static string For(Phase phase) => All[(int)phase];

    /// <summary>Null if it is not the name of a phase.</summary>
    public static Phase? Parse(string? name) => Array.IndexOf(All, name) is >= 0 and var i ? (Phase)i : null;
}
