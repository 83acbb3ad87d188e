using System.Text;
using System.Text.Json.Nodes;

namespace ReWorker.Client;

/// <summary>A job to send.</summary>
public sealed class JobRequest
{
    // Timers accept no longer times.
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    /// <summary>The worker's queue without the prefix: the job is sent to <c>worker.&lt;Queue&gt;</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>The job's parameters.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>The values that were supplied when the release was started.</summary>
    public JsonObject? Dynamic { get; init; }

    /// <summary>Who is to be notified: phase → channel → list of targets.</summary>
    public JsonObject? Notify { get; init; }

    /// <summary>The group that the job belongs to.</summary>
    public string? Group { get; init; }

    /// <summary>A complete body, an object or a list. It replaces the four properties above.</summary>
    public JsonNode? Body { get; init; }

    /// <summary>
    /// Identifies the job in every message that it causes. It must be unique and have 1 to 255 bytes. Default: a new id
    /// that sorts by time.
    /// </summary>
    public string CorrelationId { get; init; } = JobIds.New(TimeProvider.System);

    /// <summary>The time limit for the job, including its wait in the queue. Up to 24 d, default forever.</summary>
    public TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Checks the job and returns its body.</summary>
    /// <exception cref="ArgumentException">The job breaks the contract.</exception>
    internal byte[] ToBytes()
    {
        CheckLength("queue name", Queue, Names.Queue(Queue));
        CheckLength("correlation id", CorrelationId, CorrelationId);
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan && (Timeout <= TimeSpan.Zero || Timeout > MaxTimeout))
            throw new ArgumentException(
                $"the timeout is {Timeout}; allowed: more than 0, at most {MaxTimeout}, or Timeout.InfiniteTimeSpan");

        var body = Encoding.UTF8.GetBytes((Body ?? Combine()).ToJsonString());
        if (JobReader.TryRead(body, Names.MaxBodyBytes, out var content) is { } error)
            throw new ArgumentException(error.ReplyText);
        CheckNotify(content!.Body);
        return body;
    }

    private JsonObject Combine()
    {
        var body = new JsonObject();
        if (Group is not null) body[BodyKeys.Group] = Group;
        if (Parameters is not null) body[BodyKeys.Parameters] = Parameters.DeepClone();
        if (Dynamic is not null) body[BodyKeys.Dynamic] = Dynamic.DeepClone();
        if (Notify is not null) body[BodyKeys.Notify] = Notify.DeepClone();
        return body;
    }

    /// <summary>A worker skips what it does not understand in <c>notify</c>. Here it is an error.</summary>
    private static void CheckNotify(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object || !body.TryGetProperty(BodyKeys.Notify, out var notify)) return;
        if (notify.ValueKind is JsonValueKind.Null) return;
        if (!IsObject(notify, phase => IsObject(phase, channel => NotifyTargets.ReadTargets(channel) is not null)))
            throw new ArgumentException("the job's 'notify' is invalid; allowed: phase → channel → list of targets");
        foreach (var phase in notify.EnumerateObject().Where(phase => PhaseNames.Parse(phase.Name) is null))
            throw new ArgumentException(
                $"the job's 'notify' has a phase '{phase.Name}'; allowed: {string.Join(", ", PhaseNames.All)}");
    }

    private static bool IsObject(JsonElement json, Func<JsonElement, bool> isValue) =>
        json.ValueKind is JsonValueKind.Object && json.EnumerateObject().All(property => isValue(property.Value));

    private static void CheckLength(string what, string given, string sent)
    {
        var bytes = given.Length == 0 ? 0 : Encoding.UTF8.GetByteCount(sent);
        if (bytes is 0 or > Names.ShortStringBytes)
            throw new ArgumentException($"the {what} has {bytes} bytes; allowed: 1 to {Names.ShortStringBytes}");
    }
}
