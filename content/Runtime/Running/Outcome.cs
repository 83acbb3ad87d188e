using ReWorker.Wire.Contract;

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

/// <summary>How a job ended here.</summary>
/// <param name="Kind">The metric's <c>outcome</c>.</param>
/// <param name="Data">The reply's data as JSON; null for none.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Park">A person must look at the message.</param>
internal sealed record Outcome(OutcomeKind Kind, byte[]? Data = null, JobError? Error = null, bool Park = false)
{
    /// <summary>A reason is for people; what is longer would not fit onto the bus in the end.</summary>
    private const int MostOfAReason = 16 * 1024;

    public static readonly Outcome Requeued = new(OutcomeKind.Requeued);

    /// <summary>As the requester is told.</summary>
    public string? Reason => Error?.ReplyText;

    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, Error: new(Cut(reason)));

    public static Outcome Invalid(string reason, bool park) => new(OutcomeKind.Invalid, Error: new(Cut(reason)), Park: park);

    public static Outcome Invalid(IReadOnlyList<JobError> problems) => new(OutcomeKind.Invalid, Error: new(
        Cut(string.Join("; ", problems.Select(one => one.ReplyText))),
        Cut(string.Join("; ", problems.Select(one => one.LogText)))));

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
