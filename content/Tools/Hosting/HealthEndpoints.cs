using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Health;

namespace ReWorker.Tools.Hosting;

/// <summary>
/// <c>/health/live</c>: 503 only if a restart would help. <c>/health/ready</c>: 503 unless jobs really flow. The body names each
/// part, how it is, why, and since when.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.ServiceProvider.GetRequiredService<HealthState>();
        routes.MapGet("/health/live", context => WriteAsync(context, health, health.IsLive));
        routes.MapGet("/health/ready", context => WriteAsync(context, health, health.IsReady));
    }

    private static async Task WriteAsync(HttpContext context, HealthState health, bool isWell)
    {
        context.Response.StatusCode = isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("status", isWell ? "healthy" : "unhealthy");
        json.WriteStartObject("parts");
        foreach (var (name, part) in health.Parts.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(name);
            json.WriteString("status", part.IsHealthy ? "healthy" : "unhealthy");
            json.WriteString("detail", part.Detail);
            json.WriteString("since", part.Since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
