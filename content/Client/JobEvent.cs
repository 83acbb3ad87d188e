namespace ReWorker.Client;

/// <summary>
/// Something that happened to a job. The first event is <see cref="Started"/>, unless the job never ran; the last is
/// <see cref="Completed"/> or <see cref="Failed"/>.
/// </summary>
public abstract record JobEvent
{
    private JobEvent() { }

    /// <summary>A worker has started the job.</summary>
    public sealed record Started : JobEvent;

    /// <summary>The job wrote a line of output.</summary>
    /// <param name="Line">The line. It is untrusted text: escape it before you show it in a terminal.</param>
    public sealed record Output(string Line) : JobEvent;

    /// <summary>The job sent a notification that the requester asked for.</summary>
    /// <param name="Channel">The channel: <c>irc</c>, <c>email</c>, …</param>
    /// <param name="Slug">The short text, at most 80 characters.</param>
    /// <param name="Message">The long text.</param>
    /// <param name="Phase">The phase that it is about.</param>
    /// <param name="Targets">The recipients.</param>
    public sealed record Notification(
        string Channel, string Slug, string Message, Phase Phase, IReadOnlyList<string> Targets) : JobEvent;

    /// <summary>The job has completed. This is its last event.</summary>
    /// <param name="Data">The result; <see cref="JsonValueKind.Undefined"/> if there is none.</param>
    public sealed record Completed(JsonElement Data) : JobEvent;

    /// <summary>The job has failed. This is its last event.</summary>
    /// <param name="Reason">The reason that the worker gave.</param>
    public sealed record Failed(string Reason) : JobEvent;
}
