namespace ReWorker.Client;

/// <summary>The result of a completed job.</summary>
/// <param name="CorrelationId">The job's correlation id.</param>
/// <param name="Data">The worker's data; <see cref="JsonValueKind.Undefined"/> if there is none.</param>
/// <param name="Output">The lines of output, in order.</param>
/// <param name="Elapsed">The time from sending the job to its last reply.</param>
public sealed record JobResult(
    string CorrelationId, JsonElement Data, IReadOnlyList<string> Output, TimeSpan Elapsed);
