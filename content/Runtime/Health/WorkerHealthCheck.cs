using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ReWorker.Health;

/// <summary>The worker's health as .NET health checks. Each result carries the worker's parts as data.</summary>
internal sealed class WorkerHealthCheck(HealthState health) : IHealthCheck
{
    public const string Ready = "ready"; // fails while no jobs reach the worker
    public const string Live = "live";   // fails if only a restart helps

    public static IHealthChecksBuilder AddTo(IHealthChecksBuilder checks) => checks
        .AddCheck<WorkerHealthCheck>("worker ready", tags: [Ready])
        .AddCheck<WorkerHealthCheck>("worker live", tags: [Live]);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var isReadiness = context.Registration.Tags.Contains(Ready);
        var parts = health.Parts.Where(part => isReadiness || part.Key == HealthState.Supervisor)
            .ToDictionary(part => part.Key, part => (object)part.Value);
        var isHealthy = isReadiness ? health.IsReady : health.IsLive;
        var status = isHealthy ? HealthStatus.Healthy : HealthStatus.Unhealthy;
        return Task.FromResult(new HealthCheckResult(status, data: parts));
    }
}
