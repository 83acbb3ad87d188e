using System.Text.Json;

namespace ReWorker.Wire.Contract;

/// <summary>What a job's body says, read once and checked for shape.</summary>
internal sealed record JobContent(
    JsonElement Body,
    string Group,
    JsonElement Parameters,
    IReadOnlyDictionary<string, JsonElement> Dynamic,
    NotifyTargets Notify);

/// <summary>Why a job can't be taken.</summary>
/// <param name="Reason">For the requester and the log: names the thing, what was given, what is allowed.</param>
/// <param name="Park">True if the message itself is unusable and a person must look at it.</param>
internal sealed record Refusal(string Reason, bool Park);
