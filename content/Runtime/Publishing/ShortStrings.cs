using System.Text;

namespace ReWorker.Publishing;

/// <summary>AMQP's limit for short strings. The client can't send a property that exceeds it.</summary>
internal static class ShortStrings
{
    public static string? OrNull(string? text) => Fits(text) ? text : null;

    public static bool Fits(string? text) =>
        text is null
        || text.Length * 3 <= Names.ShortStringBytes
        || Encoding.UTF8.GetByteCount(text) <= Names.ShortStringBytes;

    // A received property can exceed the limit, since each invalid byte has become a character of three bytes.
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
