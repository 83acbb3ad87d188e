using System.Text;

namespace ReWorker.Publishing;

/// <summary>Checks messages before the client or the broker rejects them with a cryptic error.</summary>
internal static class SendRules
{
    public const int MaxDataBytes = Names.MaxBodyBytes - 64; // the largest result that fits into a reply

    /// <exception cref="ArgumentException">The message can't be sent.</exception>
    public static void Check(string topic, string exchange, string? correlationId, byte[] body, string? replyTo)
    {
        CheckLength("routing key", topic, nameof(topic));
        CheckLength("exchange name", exchange, nameof(exchange));
        CheckLength("correlation id", correlationId ?? "", nameof(correlationId));
        if (body.Length > Names.MaxBodyBytes)
            throw new ArgumentException($"the message has {body.Length} bytes; allowed: {Names.MaxBodyBytes}", nameof(body));
        if (exchange is Names.DefaultExchange && topic == replyTo && HasStatus(body))
            throw new ArgumentException(
                "only the runtime sends status replies: return a value to complete the job, throw to fail it",
                nameof(body));
    }

    // The queue for status replies; null if there can't be one. A reply to a worker's queue would be an invalid job
    // there, and a reply to the worker's own queue would start an endless loop.
    public static string? ReplyTo(string? replyTo) =>
        string.IsNullOrEmpty(replyTo) || Names.IsWorkerQueue(replyTo) ? null : ShortStrings.OrNull(replyTo);

    private static void CheckLength(string what, string text, string parameter)
    {
        if (Encoding.UTF8.GetByteCount(text) is > Names.ShortStringBytes and var bytes)
            throw new ArgumentException($"the {what} has {bytes} bytes; allowed: {Names.ShortStringBytes}", parameter);
    }

    private static bool HasStatus(byte[] body)
    {
        var reader = new Utf8JsonReader(body);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(BodyKeys.Status)) return true;
            reader.Skip();
        }
        return false;
    }
}
