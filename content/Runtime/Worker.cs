namespace ReWorker;

/// <summary>
/// A step that takes its jobs from a queue. Derive from this class, or from <see cref="Worker{TParameters, TResult}"/>,
/// and override <see cref="ProcessAsync"/>. The runtime sends <c>started</c> and the terminal reply, and acknowledges
/// the job.
/// </summary>
/// <remarks>
/// <para><b>Return</b>: the job is <c>completed</c>. The value becomes the reply's data; <c>null</c> means none.</para>
/// <para><b>Throw</b>: the job is <c>failed</c>; the reason is the exception's message. It does not run again.</para>
/// <para><b>Cancellation</b>: the token fires when the time limit expires (the job is <c>failed</c>, whatever the
/// method does), or when the process must stop (the job is requeued, unless the method still returns in time).</para>
/// <para><b>Redelivery</b>: if a worker dies, its jobs run again, here or elsewhere; <see cref="Job.Attempt"/> tells. A
/// lost connection alone runs no job twice in this process.</para>
/// <para><b>Threads</b>: one instance processes all jobs, up to <c>Worker:Concurrency</c> at the same time.</para>
/// </remarks>
public abstract class Worker
{
    /// <summary>Dynamic values that every job must have. A job that lacks one fails before your code runs.</summary>
    protected internal virtual IReadOnlyList<string> Dynamic => [];

    /// <summary>The worker's own configuration: the file of <c>-w</c>, or the section <c>WorkerConfig</c>.</summary>
    protected internal IConfiguration Config { get; internal set; } = new ConfigurationBuilder().Build();

    /// <summary>Routing keys that bring messages into the queue, besides the queue's own name.</summary>
    internal virtual IReadOnlyList<string> RoutingKeys => [];

    /// <summary>False for a worker that never sends status replies.</summary>
    internal virtual bool SendsReplies => true;

    /// <summary>The types that the worker's JSON context must include.</summary>
    internal virtual IEnumerable<Type> JsonTypes => [];

    internal JobJson Json { get; set; } = JobJson.Plain;

    /// <summary>Processes a job.</summary>
    /// <returns>The reply's data, or <c>null</c> for none.</returns>
    protected internal abstract Task<object?> ProcessAsync(Job job, CancellationToken cancel);

    /// <summary>Creates the job that the step sees. Adds an error for each missing or invalid parameter.</summary>
    internal virtual Job Bind(InFlightJob inFlight, List<JobError> errors) => new(inFlight, Json);
}
