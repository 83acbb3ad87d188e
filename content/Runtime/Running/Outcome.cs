namespace ReWorker.Running;

internal enum OutcomeKind
{
    Completed,
    Failed,

    /// <summary>Failed before the step's code saw it.</summary>
    Invalid,

    /// <summary>Given back to the broker before its end.</summary>
    Requeued,

    /// <summary>Put back with our own count, since its queue keeps none.</summary>
    Republished,
}

/// <summary>Why a job failed, as its requester is told, and as the log has it: without what the job brought.</summary>
internal sealed record Problem(string Told, string Logged)
{
    public Problem(string told)
        : this(told, told)
    {
    }
}

/// <summary>How a job ended here.</summary>
/// <param name="Kind">The metric's <c>outcome</c>.</param>
/// <param name="Data">The reply's data as JSON; null for none.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="Park">A person must look at the message.</param>
internal sealed record Outcome(OutcomeKind Kind, byte[]? Data = null, Problem? Problem = null, bool Park = false)
{
    /// <summary>A reason is for people; what is longer would not fit onto the bus in the end.</summary>
    private const int MostOfAReason = 16 * 1024;

    public static readonly Outcome Requeued = new(OutcomeKind.Requeued);

    /// <summary>As the requester is told.</summary>
    public string? Reason => Problem?.Told;

    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, Problem: new(Cut(reason)));

    public static Outcome Invalid(string reason, bool park) => new(OutcomeKind.Invalid, Problem: new(Cut(reason)), Park: park);

    public static Outcome Invalid(IReadOnlyList<Problem> problems) => new(OutcomeKind.Invalid, Problem: new(
        Cut(string.Join("; ", problems.Select(one => one.Told))),
        Cut(string.Join("; ", problems.Select(one => one.Logged)))));

    public bool IsCompleted => Kind is OutcomeKind.Completed;

    public string Tag => Kind switch
    {
        OutcomeKind.Completed => "completed",
        OutcomeKind.Failed => "failed",
        OutcomeKind.Invalid => "refused",
        OutcomeKind.Requeued => "handed_back",
        _ => "recounted",
    };

    private static string Cut(string reason) => reason.Length <= MostOfAReason ? reason : $"{reason[..MostOfAReason]}…";
}
