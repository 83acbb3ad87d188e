using Microsoft.Extensions.Configuration;

namespace ReWorker.Tests.Contract;

/// <summary>The code that a test's worker runs for each job, and the dynamic values that the worker declares.</summary>
public sealed record Frob(Func<FrobWorker, Job, CancellationToken, Task<object?>> Code, params string[] Dynamic);

/// <summary>A worker that runs the test's code. Its class name gives it the app_id <c>frobworker</c>.</summary>
public sealed class FrobWorker(Frob frob) : Worker
{
    protected internal override IReadOnlyList<string> Dynamic => frob.Dynamic;

    /// <summary>Makes the worker's protected configuration visible to the test.</summary>
    public IConfiguration Settings => Config;

    protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
        frob.Code(this, job, cancel);
}
