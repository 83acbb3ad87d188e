using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Wire.Contract;

/// <summary>
/// AMQP's limit for short strings. A received property can exceed it, since each invalid byte becomes a character of
/// three bytes. The client can't send such a property on.
/// </summary>
internal static class ShortStrings
{
    public static bool Fits(string? text) =>
        text is null
        || text.Length * 3 <= Names.ShortStringBytes
        || Encoding.UTF8.GetByteCount(text) <= Names.ShortStringBytes;

    public static string? OrNull(string? text) => Fits(text) ? text : null;

    /// <summary>Clears the properties that exceed the limit.</summary>
    public static void ClearOversized(BasicProperties properties)
    {
        if (!Fits(properties.ContentType)) properties.ClearContentType();
        if (!Fits(properties.ContentEncoding)) properties.ClearContentEncoding();
        if (!Fits(properties.CorrelationId)) properties.ClearCorrelationId();
        if (!Fits(properties.ReplyTo)) properties.ClearReplyTo();
        if (!Fits(properties.Expiration)) properties.ClearExpiration();
        if (!Fits(properties.MessageId)) properties.ClearMessageId();
        if (!Fits(properties.Type)) properties.ClearType();
        if (!Fits(properties.AppId)) properties.ClearAppId();
        if (!Fits(properties.ClusterId)) properties.ClearClusterId();
    }
}
