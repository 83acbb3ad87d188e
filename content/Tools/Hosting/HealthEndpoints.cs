using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ReWorker.Health;

namespace ReWorker.Tools.Hosting;

/// <summary>
/// Options for <c>MapHealthChecks</c>. The JSON body lists the worker's parts and your own checks, each with its status
/// and detail.
/// </summary>
public static class HealthEndpoints
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Liveness: 503 only if a restart would help. Counts the checks tagged <c>live</c>.</summary>
    public static HealthCheckOptions Live { get; } = new()
    {
        Predicate = check => check.Tags.Contains(WorkerHealthCheck.Live),
        ResponseWriter = WriteAsync,
    };

    /// <summary>
    /// Readiness: 503 while the worker takes no jobs. Counts every check, unless it is tagged <c>live</c> and not
    /// <c>ready</c>.
    /// </summary>
    public static HealthCheckOptions Ready { get; } = new()
    {
        Predicate = check =>
            check.Tags.Contains(WorkerHealthCheck.Ready) || !check.Tags.Contains(WorkerHealthCheck.Live),
        ResponseWriter = WriteAsync,
    };

    /// <summary>Health and metrics of a process that maps no endpoints of its own.</summary>
    internal static void Map(WebApplication app)
    {
        app.MapHealthChecks("/health/live", Live);
        app.MapHealthChecks("/health/ready", Ready);
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, new() { Indented = true });
        json.WriteStartObject();
        json.WriteString("status", Text(report.Status));
        json.WriteStartObject("parts");
        foreach (var part in report.Entries.SelectMany(PartsOf).OrderBy(part => part.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject(part.Name);
            json.WriteString("status", Text(part.Status));
            json.WriteString("detail", part.Detail);
            if (part.Since?.UtcDateTime is { } since)
                json.WriteString("since", since.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static IEnumerable<(string Name, HealthStatus Status, string Detail, DateTimeOffset? Since)> PartsOf(
        KeyValuePair<string, HealthReportEntry> check)
    {
        var (name, entry) = check;
        var parts = entry.Data.Where(data => data.Value is PartHealth).ToArray();
        var detail = entry.Description ?? entry.Exception?.Message ?? "";
        if (parts.Length == 0) yield return (name, entry.Status, detail, null);
        foreach (var (part, value) in parts)
        {
            var health = (PartHealth)value;
            var status = health.IsHealthy ? HealthStatus.Healthy : HealthStatus.Unhealthy;
            yield return (part, status, health.Detail, health.Since);
        }
    }

    private static string Text(HealthStatus status) => status.ToString().ToLowerInvariant();
}
