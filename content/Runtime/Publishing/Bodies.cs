using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;

namespace ReWorker.Publishing;

/// <summary>Writes the bodies that a worker sends. They have no keys beyond the contract's.</summary>
internal static class Bodies
{
    private const int MaxSlugLength = 80;
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly byte[] Started = Write(BodyKeys.Status, PhaseNames.Started);
    public static readonly byte[] Completed = Write(BodyKeys.Status, PhaseNames.Completed);

    public static byte[] CompletedWith(byte[] json) => Write(BodyKeys.Status, PhaseNames.Completed, writer =>
    {
        writer.WritePropertyName(BodyKeys.Data);
        writer.WriteRawValue(json, skipInputValidation: true);
    });

    public static byte[] Output(string message) => Write(BodyKeys.Message, message);

    public static byte[] Failed(string reason) =>
        Write(BodyKeys.Status, PhaseNames.Failed, writer => writer.WriteString(BodyKeys.Data, reason));

    public static byte[] Notification(string slug, string message, Phase phase, IEnumerable<string> targets) =>
        Write(BodyKeys.Slug, Slug(slug), writer =>
        {
            writer.WriteString(BodyKeys.Message, message);
            writer.WriteString(BodyKeys.Phase, PhaseNames.For(phase));
            writer.WriteStartArray(BodyKeys.Target);
            foreach (var target in targets) writer.WriteStringValue(target);
            writer.WriteEndArray();
        });

    /// <summary>Cuts a text to 80 characters. Surrogate pairs and combining marks stay whole.</summary>
    public static string Slug(string text)
    {
        if (text.Length <= MaxSlugLength) return text;
        var end = 0;
        while (end + StringInfo.GetNextTextElementLength(text, end) is var next && next <= MaxSlugLength) end = next;
        return text[..end];
    }

    private static byte[] Write(string key, string value, Action<Utf8JsonWriter>? writeRest = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Relaxed);
        writer.WriteStartObject();
        writer.WriteString(key, value);
        writeRest?.Invoke(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
