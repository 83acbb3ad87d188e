using Microsoft.Extensions.Configuration;
using ReWorker.Running;
using ReWorker.Wire.Contract;

namespace ReWorker;

/// <summary>
/// A step on a queue: derive from it (or from <see cref="Worker{TParameters}"/>), override
/// <see cref="ProcessAsync"/>, and the runtime does the rest: <c>started</c>, one terminal reply, the acknowledgement.
/// </summary>
/// <remarks>
/// <para><b>Return</b>: the job is <c>completed</c>; the value returned becomes the reply's data, <c>null</c> means none.</para>
/// <para><b>Throw</b>: the job has <c>failed</c>; the exception's message is the reason. It does not run again.</para>
/// <para><b>Cancellation</b>: the token fires when the job's time is over (the job has failed, whatever comes) or when
/// the process must end (the job is handed back and runs elsewhere, unless the method still returns in time).</para>
/// <para><b>Again</b>: a job whose worker died runs again, here or elsewhere; <see cref="Job.Attempt"/> tells. A lost
/// connection alone starts nothing twice in this process.</para>
/// <para><b>Threads</b>: one instance serves all jobs, up to <c>Worker:Concurrency</c> at the same time.</para>
/// </remarks>
public abstract class Worker
{
    /// <summary>Names of the dynamic values that every job must bring. A job without one has <c>failed</c> before it starts.</summary>
    protected internal virtual IReadOnlyList<string> Dynamic => [];

    /// <summary>The worker's own configuration: the file given with <c>-w</c>, else the section <c>WorkerConfig</c>.</summary>
    protected internal IConfiguration Config { get; internal set; } = new ConfigurationBuilder().Build();

    /// <summary>Routing keys of the exchange, besides the queue's own name, that bring messages into the queue.</summary>
    internal virtual IReadOnlyList<string> RoutingKeys => [];

    /// <summary>False for one that sends no status to whoever asks for it.</summary>
    internal virtual bool Answers => true;

    internal JobJson Json { get; set; } = JobJson.Plain;

    /// <summary>Does the job's work.</summary>
    /// <returns>The reply's data, or <c>null</c> for none.</returns>
    protected internal abstract Task<object?> ProcessAsync(Job job, CancellationToken cancel);

    /// <summary>Makes the job that the step sees; adds a line for each parameter that is missing or wrong.</summary>
    internal virtual Job Bind(JobContext context, List<JobError> problems) => new(context);
}
