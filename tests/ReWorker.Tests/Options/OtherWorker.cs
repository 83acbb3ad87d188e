namespace ReWorker.Tests.Options;

/// <summary>A second worker beside <see cref="Contract.FrobWorker"/>.</summary>
public sealed class OtherWorker : Worker
{
    protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
        Task.FromResult<object?>("other");
}
