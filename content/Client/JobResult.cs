using System.Text.Json;

namespace ReWorker.Client;

/// <summary>A completed job.</summary>
/// <param name="CorrelationId">The job's name.</param>
/// <param name="Data">What the step returned; <see cref="JsonValueKind.Undefined"/> if nothing.</param>
/// <param name="Output">The lines of output, in order.</param>
/// <param name="Elapsed">From sending to the terminal reply.</param>
public sealed record JobResult(string CorrelationId, JsonElement Data, IReadOnlyList<string> Output, TimeSpan Elapsed);
