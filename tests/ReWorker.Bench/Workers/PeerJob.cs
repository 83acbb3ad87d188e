using System.Text.Json;
using System.Text.Json.Serialization;

namespace ReWorker.Bench.Workers;

/// <summary>A job as the frameworks deserialize it.</summary>
public sealed class PeerJob
{
    [JsonPropertyName("group")]
    public string Group { get; set; } = "";

    [JsonPropertyName("parameters")]
    public PeerParameters Parameters { get; set; } = new();

    [JsonPropertyName("dynamic")]
    public Dictionary<string, JsonElement> Dynamic { get; set; } = [];
}

public sealed class PeerParameters
{
    [JsonPropertyName("lines")]
    public int Lines { get; set; }

    [JsonPropertyName("service")]
    public string Service { get; set; } = "frobd";
}

public sealed record PeerStatus([property: JsonPropertyName("status")] string Status);

public sealed record PeerLine([property: JsonPropertyName("message")] string Message);
