namespace ReWorker.Client;

/// <summary>The broker did not accept the job. It has not run and will not run.</summary>
/// <param name="message">The reason, and what to do.</param>
/// <param name="inner">The broker's answer.</param>
public sealed class JobNotDeliveredException(string message, Exception? inner = null) : Exception(message, inner);
