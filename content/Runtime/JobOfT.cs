namespace ReWorker;

/// <summary>A job whose parameters have a type.</summary>
/// <typeparam name="TParameters">The type.</typeparam>
public sealed class Job<TParameters> : Job
    where TParameters : class
{
    internal Job(InFlightJob inFlight, JobJson json, TParameters parameters)
        : base(inFlight, json) => Parameters = parameters;

    /// <summary>The job's <c>parameters</c>. The base's property also has keys that no type declares.</summary>
    public new TParameters Parameters { get; }
}
