namespace ReWorker.Running;

/// <summary>How a job ended here; the metric's <c>outcome</c>.</summary>
internal enum OutcomeKind
{
    Completed,
    Failed,
    Invalid,     // rejected before the step's code ran
    Requeued,    // given back to its queue before its end
    Republished, // put back with a count of its attempts, because its queue keeps none
}

/// <summary>How a job ended here: with the reply's data as JSON, or with the reason why it failed.</summary>
internal sealed record Outcome(OutcomeKind Kind, byte[]? Data = null, JobError? Error = null)
{
    // reasons are for people; a much longer one would not fit into a message
    private const int MaxLength = 16 * 1024;

    private static readonly Outcome WithoutData = new(OutcomeKind.Completed);
    public static readonly Outcome Requeued = new(OutcomeKind.Requeued);
    public static readonly Outcome Republished = new(OutcomeKind.Republished);

    public static Outcome Completed(byte[]? data) => data is null ? WithoutData : new(OutcomeKind.Completed, data);
    public static Outcome Failed(string reason) => new(OutcomeKind.Failed, Error: new(Shorten(reason, MaxLength)));

    public static Outcome Invalid(params IReadOnlyList<JobError> errors) => new(OutcomeKind.Invalid, Error: new(
        Shorten(string.Join("; ", errors.Select(error => error.ReplyText)), MaxLength),
        Shorten(string.Join("; ", errors.Select(error => error.LogText)), MaxLength),
        errors.Any(error => error.Park)));

    public static string Shorten(string reason, int length) =>
        reason.Length <= length ? reason : $"{reason[..length]}…";
}
