using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>A job's body, checked and read.</summary>
internal sealed record JobContent(
    JsonElement Body,
    string Group,
    JsonElement Parameters,
    IReadOnlyDictionary<string, JsonElement> Dynamic,
    NotifyTargets Notify);
