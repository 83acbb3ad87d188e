using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>The bodies that a worker sends, with no key more than the contract lists.</summary>
internal static class Bodies
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly byte[] Started = """{"status":"started"}"""u8.ToArray();
    public static readonly byte[] Completed = """{"status":"completed"}"""u8.ToArray();

    public static byte[] CompletedWith(ReadOnlySpan<byte> json)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length + 40);
        using var writer = Open(buffer, "status", "completed");
        writer.WritePropertyName("data");
        writer.WriteRawValue(json, skipInputValidation: true);
        return Close(writer, buffer);
    }

    public static byte[] Failed(string reason)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = Open(buffer, "status", "failed");
        writer.WriteString("data", reason);
        return Close(writer, buffer);
    }

    public static byte[] Output(string message)
    {
        var buffer = new ArrayBufferWriter<byte>(message.Length + 20);
        using var writer = Open(buffer, "message", message);
        return Close(writer, buffer);
    }

    public static byte[] Notification(string slug, string message, Phase phase, IEnumerable<string> targets)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = Open(buffer, "slug", Slug(slug));
        writer.WriteString("message", message);
        writer.WriteString("phase", Names.ForPhase(phase));
        writer.WriteStartArray("target");
        foreach (var target in targets) writer.WriteStringValue(target);
        writer.WriteEndArray();
        return Close(writer, buffer);
    }

    /// <summary>At most 80 characters, never half of one: surrogate pairs and combining marks stay whole.</summary>
    public static string Slug(string text)
    {
        const int most = 80;
        if (text.Length <= most) return text;
        var end = 0;
        while (end < text.Length)
        {
            var next = end + System.Globalization.StringInfo.GetNextTextElementLength(text, end);
            if (next > most) break;
            end = next;
        }
        return text[..end];
    }

    private static Utf8JsonWriter Open(ArrayBufferWriter<byte> buffer, string key, string value)
    {
        var writer = new Utf8JsonWriter(buffer, Relaxed);
        writer.WriteStartObject();
        writer.WriteString(key, value);
        return writer;
    }

    private static byte[] Close(Utf8JsonWriter writer, ArrayBufferWriter<byte> buffer)
    {
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
