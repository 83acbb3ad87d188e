using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ReWorker.Wire.Contract;

namespace ReWorker.Client;

/// <summary>A job to send.</summary>
public sealed class JobRequest
{
    // timers know no longer times
    private static readonly TimeSpan MostTimeout = TimeSpan.FromDays(24);
    private static readonly string[] Phases = ["started", "completed", "failed"];

    /// <summary>The worker's queue, as its <c>Worker:Queue</c> names it: the job goes to <c>worker.&lt;Queue&gt;</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>What the playbook says of the step.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>Values given when the release was started.</summary>
    public JsonObject? Dynamic { get; init; }

    /// <summary>Who wants to hear of which phase: phase → channel → list of targets.</summary>
    public JsonObject? Notify { get; init; }

    /// <summary>The group that the job belongs to.</summary>
    public string? Group { get; init; }

    /// <summary>A whole body, an object or a list, sent as it is in place of the four above.</summary>
    public JsonNode? Body { get; init; }

    /// <summary>Names the job in everything that it causes. At most 255 bytes, unique; default: a new one that sorts by time.</summary>
    public string CorrelationId { get; init; } = JobIds.New(TimeProvider.System);

    /// <summary>The job must have ended within this, its wait in the queue included. Up to 24 d; default: for ever.</summary>
    public TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>The body as bytes, once the contract is kept.</summary>
    /// <exception cref="ArgumentException">The job can't be sent; the text says what is wrong and what is allowed.</exception>
    internal byte[] ToBytes()
    {
        CheckLength("the queue's name", Names.Queue(Queue), Queue.Length > 0);
        CheckLength("the correlation id", CorrelationId, CorrelationId.Length > 0);
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan && (Timeout <= TimeSpan.Zero || Timeout > MostTimeout))
            throw new ArgumentException($"the timeout is {Timeout}; allowed: more than 0, at most {MostTimeout}, or Timeout.InfiniteTimeSpan");

        var body = Body is not null ? Write(Body.WriteTo) : Write(WriteParts);
        if (JobReader.TryRead(body, SendRules.MaxBodyBytes, out var content) is { } refusal) throw new ArgumentException(refusal.ReplyText);
        if (content!.Body.ValueKind is JsonValueKind.Object && content.Body.TryGetProperty("notify", out var notify) && notify.ValueKind is JsonValueKind.Object)
        {
            foreach (var phase in notify.EnumerateObject().Where(phase => !Phases.Contains(phase.Name)))
                throw new ArgumentException($"the job's 'notify' has a phase '{phase.Name}'; allowed: {string.Join(", ", Phases)}");
        }
        return body;
    }

    private void WriteParts(Utf8JsonWriter writer, JsonSerializerOptions? options)
    {
        writer.WriteStartObject();
        if (Group is not null) writer.WriteString("group", Group);
        foreach (var (key, part) in new[] { ("parameters", Parameters), ("dynamic", Dynamic), ("notify", Notify) })
        {
            if (part is null) continue;
            writer.WritePropertyName(key);
            part.WriteTo(writer, options);
        }
        writer.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter, JsonSerializerOptions?> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        write(writer, null);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void CheckLength(string what, string text, bool isGiven)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (!isGiven || bytes > Names.ShortStringBytes) throw new ArgumentException($"{what} has {(isGiven ? bytes : 0)} bytes; allowed: 1 to {Names.ShortStringBytes}");
    }
}
