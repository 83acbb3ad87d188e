namespace ReWorker.Wire.Contract;

/// <summary>Why a job cannot run.</summary>
/// <param name="ReplyText">For the requester: what is wrong, what was given and what is allowed.</param>
/// <param name="LogText">The same without the job's own values, which may be secret.</param>
/// <param name="Park">True if the message itself is unusable, so that a person must look at it.</param>
internal sealed record JobError(string ReplyText, string LogText, bool Park = false)
{
    public JobError(string text, bool park = false) : this(text, text, park) { }
}
