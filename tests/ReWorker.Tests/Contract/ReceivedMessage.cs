using System.Text;
using System.Text.Json;

namespace ReWorker.Tests.Contract;

/// <summary>A message that pika received. <paramref name="Properties"/> has only the properties that are set.</summary>
public sealed record ReceivedMessage(
    string Exchange, string Key, bool Redelivered, JsonElement Properties, byte[] Bytes)
{
    public string Body => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonElement.Parse(Bytes);

    public string? Property(string name) => Properties.TryGetProperty(name, out var value) ? value.ToString() : null;

    public string? Header(string name) =>
        Properties.TryGetProperty("headers", out var headers) && headers.TryGetProperty(name, out var value)
            ? value.ToString()
            : null;

    /// <summary>A reply's status. Null for output and notifications.</summary>
    public string? Status =>
        Exchange.Length == 0 && Json.TryGetProperty("status", out var status) ? status.GetString() : null;

    public bool IsTerminal => Status is "completed" or "failed";

    public bool IsOutput => Exchange == "re" && Key == "output";

    /// <summary>The line of an output message.</summary>
    public string Line => Json.GetProperty("message").GetString()!;

    /// <summary>A reply's data.</summary>
    public JsonElement Data => Json.GetProperty("data");

    public override string ToString() => $"{Exchange}/{Key} {Body}";

    public static ReceivedMessage Parse(JsonElement json) => new(
        json.GetProperty("exchange").GetString()!,
        json.GetProperty("key").GetString()!,
        json.GetProperty("redelivered").GetBoolean(),
        json.GetProperty("properties").Clone(),
        json.GetProperty("body").GetBytesFromBase64());
}
