namespace ReWorker;

/// <summary>A job whose parameters are bound to a type.</summary>
/// <typeparam name="TParameters">The type.</typeparam>
public sealed class Job<TParameters> : Job
    where TParameters : class
{
    internal Job(JobContext context, TParameters parameters)
        : base(context) => Parameters = parameters;

    /// <summary>The job's <c>parameters</c>. Keys that the type does not declare are in <see cref="Job.Parameters"/> of the base.</summary>
    public new TParameters Parameters { get; }
}
