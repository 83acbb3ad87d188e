namespace ReWorker.Running;

/// <summary>How a job ended here; the metric's <c>outcome</c>.</summary>
internal enum OutcomeKind
{
    Completed,
    Failed,

    /// <summary>Rejected before the step's code ran.</summary>
    Invalid,

    /// <summary>Given back to its queue before its end.</summary>
    Requeued,

    /// <summary>Put back with a count of its attempts, because its queue keeps none.</summary>
    Republished,
}

/// <summary>How a job ended here.</summary>
/// <param name="Kind">The kind of end.</param>
/// <param name="Data">The reply's data as JSON; null for none.</param>
/// <param name="Error">Why the job failed.</param>
internal sealed record Outcome(OutcomeKind Kind, byte[]? Data = null, JobError? Error = null)
{
    /// <summary>Reasons are for people; a much longer one would not fit into a message.</summary>
    private const int MaxReasonLength = 16 * 1024;

    private static readonly Outcome WithoutData = new(OutcomeKind.Completed);

    public static readonly Outcome Requeued = new(OutcomeKind.Requeued);

    public static readonly Outcome Republished = new(OutcomeKind.Republished);

    public bool IsCompleted => Kind is OutcomeKind.Completed;

    /// <summary>True if a requester gets a terminal reply.</summary>
    public bool IsFinal => Kind is OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Invalid;

    public static Outcome Completed(byte[]? data) =>
        data is null ? WithoutData : new(OutcomeKind.Completed, data);

    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, Error: new(Shorten(reason)));

    public static Outcome Invalid(params IReadOnlyList<JobError> errors) => new(OutcomeKind.Invalid, Error: new(
        Shorten(string.Join("; ", errors.Select(error => error.ReplyText))),
        Shorten(string.Join("; ", errors.Select(error => error.LogText))),
        errors.Any(error => error.Park)));

    private static string Shorten(string reason) =>
        reason.Length <= MaxReasonLength ? reason : $"{reason[..MaxReasonLength]}…";
}
