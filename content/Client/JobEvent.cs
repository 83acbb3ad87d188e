using System.Text.Json;

namespace ReWorker.Client;

/// <summary>What a requester hears of its job: <see cref="Started"/>, output and notifications, then one end.</summary>
public abstract record JobEvent
{
    private JobEvent()
    {
    }

    /// <summary>A worker has taken the job.</summary>
    public sealed record Started : JobEvent;

    /// <summary>A line for the users, in the order in which the step wrote them.</summary>
    /// <param name="Line">The text; a stranger's, so escape it before a terminal shows it.</param>
    public sealed record Output(string Line) : JobEvent;

    /// <summary>A notification that the job asked for.</summary>
    /// <param name="Channel">Where it goes: <c>irc</c>, <c>email</c>, …</param>
    /// <param name="Slug">The short form, at most 80 characters.</param>
    /// <param name="Message">The long form.</param>
    /// <param name="Phase">The moment that it tells of.</param>
    /// <param name="Targets">Who gets it.</param>
    public sealed record Notification(string Channel, string Slug, string Message, Phase Phase, IReadOnlyList<string> Targets) : JobEvent;

    /// <summary>The job is done. Nothing follows.</summary>
    /// <param name="Data">What the step returned; <see cref="JsonValueKind.Undefined"/> if nothing.</param>
    public sealed record Completed(JsonElement Data) : JobEvent;

    /// <summary>The job has failed. Nothing follows.</summary>
    /// <param name="Reason">Why, in the worker's words.</param>
    public sealed record Failed(string Reason) : JobEvent;
}
