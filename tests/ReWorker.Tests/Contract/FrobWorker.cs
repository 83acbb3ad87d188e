using Microsoft.Extensions.Configuration;

namespace ReWorker.Tests.Contract;

/// <summary>What a test's worker does with a job.</summary>
public sealed record Frob(Func<FrobWorker, Job, CancellationToken, Task<object?>> Code, params string[] Dynamic);

/// <summary>A worker that does what the test says; the contract knows it by its class name, <c>frobworker</c>.</summary>
public sealed class FrobWorker(Frob frob) : Worker
{
    protected internal override IReadOnlyList<string> Dynamic => frob.Dynamic;

    /// <summary>The worker's own configuration, for the test to look at.</summary>
    public IConfiguration Settings => Config;

    protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) => frob.Code(this, job, cancel);
}
