using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ReWorker.Tools.CommandLine;

/// <summary>A worker's data on one line, whatever its author's layout.</summary>
internal static class JsonLine
{
    public static string Write(JsonElement data, JsonWriterOptions options)
    {
        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, options)) data.WriteTo(writer);
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (InvalidOperationException)
        {
            // half of a surrogate pair, which Python sends: shown as it came
            return data.GetRawText().ReplaceLineEndings(" ");
        }
    }
}
