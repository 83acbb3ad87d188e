using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ReWorker.Health;

/// <summary>Reports the worker's health as .NET health checks. Each result carries the worker's parts as data.</summary>
internal sealed class WorkerHealthCheck(HealthState health) : IHealthCheck
{
    /// <summary>Tags a check of readiness: it fails while no jobs reach the worker.</summary>
    public const string Ready = "ready";

    /// <summary>Tags a check of liveness: it fails if only a restart helps.</summary>
    public const string Live = "live";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isReadiness = context.Registration.Tags.Contains(Ready);
        var parts = health.Parts
            .Where(part => isReadiness || part.Key == HealthState.Supervisor)
            .ToDictionary(part => part.Key, part => (object)part.Value);
        var isWell = isReadiness ? health.IsReady : health.IsLive;
        return Task.FromResult(new HealthCheckResult(isWell ? HealthStatus.Healthy : HealthStatus.Unhealthy, data: parts));
    }
}

/// <summary>Adds the worker's checks.</summary>
internal static class WorkerHealthChecks
{
    public static IHealthChecksBuilder AddWorkerChecks(this IHealthChecksBuilder checks) => checks
        .AddCheck<WorkerHealthCheck>("worker ready", tags: [WorkerHealthCheck.Ready])
        .AddCheck<WorkerHealthCheck>("worker live", tags: [WorkerHealthCheck.Live]);
}
