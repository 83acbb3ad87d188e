using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ReWorker.Health;

namespace ReWorker.Tools.Hosting;

/// <summary>
/// Options for <c>MapHealthChecks</c>. The JSON body lists the worker's parts and your own checks: the status, the detail
/// and, for the worker's parts, since when.
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

    /// <summary>Readiness: 503 while the worker takes no jobs. Counts every check except those tagged only <c>live</c>.</summary>
    public static HealthCheckOptions Ready { get; } = new()
    {
        Predicate = check => check.Tags.Contains(WorkerHealthCheck.Ready) || !check.Tags.Contains(WorkerHealthCheck.Live),
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
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("status", Text(report.Status));
        json.WriteStartObject("parts");
        foreach (var part in report.Entries.SelectMany(PartsOf).OrderBy(part => part.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject(part.Name);
            json.WriteString("status", Text(part.Status));
            json.WriteString("detail", part.Detail);
            if (part.Since is { } since) json.WriteString("since", since.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static IEnumerable<(string Name, HealthStatus Status, string Detail, DateTimeOffset? Since)> PartsOf(
        KeyValuePair<string, HealthReportEntry> check)
    {
        var (name, entry) = check;
        var hasParts = false;
        foreach (var (part, value) in entry.Data)
        {
            if (value is not PartHealth health) continue;
            hasParts = true;
            yield return (part, health.IsWell ? HealthStatus.Healthy : HealthStatus.Unhealthy, health.Detail, health.Since);
        }
        if (!hasParts) yield return (name, entry.Status, entry.Description ?? entry.Exception?.Message ?? "", null);
    }

    private static string Text(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
