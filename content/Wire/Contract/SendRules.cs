using System.Text;
using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>What a step may not send, said before the client or the broker says it cryptically.</summary>
internal static class SendRules
{
    /// <summary>The broker's default limit; a larger message closes the channel.</summary>
    public const int MaxBodyBytes = 16 * 1024 * 1024;

    /// <summary>What a result may have, so that a reply with it fits.</summary>
    public const int MaxDataBytes = MaxBodyBytes - 64;

    /// <exception cref="ArgumentException">The message can't be sent; the text says why and what is allowed.</exception>
    public static void Check(string topic, string exchange, string? correlationId, byte[] body, string? replyTo)
    {
        CheckLength("routing key", topic, nameof(topic));
        CheckLength("exchange's name", exchange, nameof(exchange));
        CheckLength("correlation id", correlationId ?? "", nameof(correlationId));
        if (body.Length > MaxBodyBytes)
            throw new ArgumentException($"the message has {body.Length} bytes; allowed: {MaxBodyBytes}", nameof(body));
        if (exchange is Names.DefaultExchange && topic == replyTo && HasStatus(body))
            throw new ArgumentException("a status reply is the runtime's to send: return for completed, throw for failed", nameof(body));
    }

    /// <summary>
    /// Where status replies go; null if nowhere: no queue has a name that is too long. A worker's queue is no requester: a reply there would be a broken job,
    /// and on the worker's own queue an endless one.
    /// </summary>
    public static string? ReplyTo(string? replyTo) =>
        string.IsNullOrEmpty(replyTo) || replyTo.StartsWith("worker.", StringComparison.Ordinal) || !ShortStrings.Fits(replyTo) ? null : replyTo;

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
            if (reader.ValueTextEquals("status"u8)) return true;
            reader.Skip();
        }
        return false;
    }
}
