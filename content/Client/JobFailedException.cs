namespace ReWorker.Client;

/// <summary>The worker replied <c>failed</c>. The message is the worker's reason.</summary>
/// <param name="correlationId">The job's correlation id.</param>
/// <param name="reason">The reason that the worker gave.</param>
public sealed class JobFailedException(string correlationId, string reason) : Exception(reason)
{
    /// <summary>The job's correlation id.</summary>
    public string CorrelationId { get; } = correlationId;
}
