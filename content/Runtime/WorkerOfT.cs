using ReWorker.Wire.Contract;

namespace ReWorker;

/// <summary>A worker whose parameters have a type. A job whose parameters don't fit has <c>failed</c> before it starts.</summary>
/// <typeparam name="TParameters">Bound from the job's <c>parameters</c>; must be in the worker's JSON context.</typeparam>
public abstract class Worker<TParameters> : Worker
    where TParameters : class
{
    /// <inheritdoc cref="Worker.ProcessAsync"/>
    protected internal abstract Task<object?> ProcessAsync(Job<TParameters> job, CancellationToken cancel);

    /// <inheritdoc/>
    protected internal sealed override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
        ProcessAsync((Job<TParameters>)job, cancel);

    internal sealed override Job Bind(JobContext context, List<JobError> problems) =>
        ParameterBinder.Bind<TParameters>(context.Content.Parameters, Json, problems) is { } parameters
            ? new Job<TParameters>(context, parameters)
            : new Job(context);
}
