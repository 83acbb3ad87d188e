using System.Text;
using System.Text.Json;

namespace ReWorker.Tests.Contract;

/// <summary>One message as pika received it, with every property that it has and none that it has not.</summary>
public sealed record ReceivedMessage(string Exchange, string Key, bool Redelivered, JsonElement Properties, byte[] Bytes)
{
    public string Body => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonElement.Parse(Bytes);

    public string? Property(string name) => Properties.TryGetProperty(name, out var value) ? value.ToString() : null;

    public string? Header(string name) =>
        Properties.TryGetProperty("headers", out var headers) && headers.TryGetProperty(name, out var value) ? value.ToString() : null;

    /// <summary>The status of a reply; null for output and notifications.</summary>
    public string? Status => Exchange.Length == 0 && Json.TryGetProperty("status", out var status) ? status.GetString() : null;

    public bool IsTerminal => Status is "completed" or "failed";

    public bool IsOutput => Exchange == "re" && Key == "output";

    /// <summary>The line; only output has one.</summary>
    public string Line => Json.GetProperty("message").GetString()!;

    /// <summary>The reply's data.</summary>
    public JsonElement Data => Json.GetProperty("data");

    public override string ToString() => $"{Exchange}/{Key} {Body}";

    public static ReceivedMessage From(JsonElement json) => new(
        json.GetProperty("exchange").GetString()!, json.GetProperty("key").GetString()!, json.GetProperty("redelivered").GetBoolean(),
        json.GetProperty("properties").Clone(), json.GetProperty("body").GetBytesFromBase64());
}
