namespace ReWorker.Client;

/// <summary>The worker answered <c>failed</c>; the message is its reason.</summary>
/// <param name="correlationId">The job's name.</param>
/// <param name="reason">Why, in the worker's words.</param>
public sealed class JobFailedException(string correlationId, string reason) : Exception(reason)
{
    /// <summary>The job's name.</summary>
    public string CorrelationId { get; } = correlationId;
}

/// <summary>The broker did not take the job: it has not run and will not.</summary>
/// <param name="message">Why, and the way out.</param>
/// <param name="inner">The broker's answer.</param>
public sealed class JobNotDeliveredException(string message, Exception? inner = null) : Exception(message, inner);
