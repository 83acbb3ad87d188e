namespace ReWorker;

/// <summary>A worker whose parameters and result have types.</summary>
/// <typeparam name="TParameters">Bound from the job's <c>parameters</c>; if they don't fit, the job fails.</typeparam>
/// <typeparam name="TResult">The reply's data.</typeparam>
/// <remarks>Both types must be in the JSON context given to <c>AddWorker</c>; the start checks it.</remarks>
/// <seealso cref="Worker"/>
public abstract class Worker<TParameters, TResult> : Worker
    where TParameters : class
{
    internal sealed override IEnumerable<Type> JsonTypes =>
        typeof(TResult) == typeof(object) ? [typeof(TParameters)] : [typeof(TParameters), typeof(TResult)];

    /// <summary>Processes a job. <see cref="Worker"/> says what a return, a throw and a cancellation mean.</summary>
    /// <returns>The reply's data; <c>null</c> means none.</returns>
    protected internal abstract Task<TResult> ProcessAsync(Job<TParameters> job, CancellationToken cancel);

    /// <inheritdoc/>
    protected internal sealed override async Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
        await ProcessAsync((Job<TParameters>)job, cancel);

    internal sealed override Job Bind(InFlightJob inFlight, List<JobError> errors) =>
        ParameterBinder.Bind<TParameters>(inFlight.Content!.Parameters, Json, errors) is { } parameters
            ? new Job<TParameters>(inFlight, Json, parameters)
            : new Job(inFlight, Json);
}

/// <summary>A worker whose parameters have a type and whose result may be anything.</summary>
/// <typeparam name="TParameters">Bound from the job's <c>parameters</c>; if they don't fit, the job fails.</typeparam>
/// <seealso cref="Worker"/>
public abstract class Worker<TParameters> : Worker<TParameters, object?>
    where TParameters : class;
