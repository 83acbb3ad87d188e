using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>What a job's body says, read once and checked for shape.</summary>
internal sealed record JobContent(
    JsonElement Body,
    string Group,
    JsonElement Parameters,
    IReadOnlyDictionary<string, JsonElement> Dynamic,
    NotifyTargets Notify);
