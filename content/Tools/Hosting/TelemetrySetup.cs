using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Tools.Hosting;

/// <summary>Metrics at <c>/metrics</c>; metrics, traces and logs over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says.</summary>
internal static class TelemetrySetup
{
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, and win
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName).AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter(Traces.Name, "System.Runtime").AddPrometheusExporter());
        // a span that goes nowhere would only stand between the requester's and what follows: without one, the requester's own is carried on
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
            telemetry.WithTracing(traces => traces.AddSource(Traces.Name)).UseOtlpExporter();
    }
}
