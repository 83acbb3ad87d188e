using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace ReWorker.Tools.CommandLine;

/// <summary>Formats JSON for output.</summary>
internal static class JsonText
{
    /// <summary>Escapes only what JSON requires. The terminal escapes control characters.</summary>
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    public static readonly JsonWriterOptions Indented = Readable with { Indented = true };

    /// <summary>Keeps the letters of every language, and escapes what a terminal must not show.</summary>
    public static readonly JsonWriterOptions Safe = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static string Write(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string Write(JsonElement json, JsonWriterOptions options)
    {
        try
        {
            return Write(json.WriteTo, options);
        }
        catch (InvalidOperationException)
        {
            // half of a surrogate pair, which Python can send, can't be written again: show the text as it came
            var text = json.GetRawText();
            return options.Indented ? text : text.ReplaceLineEndings(" ");
        }
    }
}
