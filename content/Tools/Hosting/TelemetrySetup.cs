using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ReWorker.Tools.Hosting;

/// <summary>
/// Exports metrics to Prometheus and, if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, metrics, traces and logs over OTLP.
/// </summary>
internal static class TelemetrySetup
{
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService(builder.Environment.ApplicationName)
                // comes last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter(Traces.Name, "System.Runtime").AddPrometheusExporter());
        // Nobody would see a span that is not exported. Without one, replies carry the requester's own span.
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
            telemetry.WithTracing(traces => traces.AddSource(Traces.Name)).UseOtlpExporter();
    }
}
