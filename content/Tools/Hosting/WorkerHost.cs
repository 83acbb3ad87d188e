using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.KeyPerFile;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using ReWorker.Health;

namespace ReWorker.Tools.Hosting;

/// <summary>Builds the process that a verb runs in: configuration, logging, telemetry, health and endpoints.</summary>
internal static class WorkerHost
{
    private const string SecretsDirectory = "/run/secrets";

    // shorter than the `health` verb and the image's health check wait for an answer
    private static readonly TimeSpan HealthCheckTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Builds the host of the long-running verbs.</summary>
    /// <param name="defaultPort">Serves health and metrics on loopback, unless the configuration names a port.</param>
    public static WebApplication Build(
        string[] args, int defaultPort, Action<IHostApplicationBuilder> workers,
        Action<WebApplication>? endpoints = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Each reconnect reads the files again. Watching them would take inotify handles, which are scarce.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ContentRootPath = AppContext.BaseDirectory,
        });
        AddSecrets(builder.Configuration, SecretsDirectory);
        UseConfiguredPort(builder, defaultPort);
        AddLogging(builder);
        AddHealthChecks(builder.Services);
        AddTelemetry(builder);
        builder.AddRuntime();
        workers(builder);

        var app = builder.Build();
        // Reports every invalid setting at once. Without it, the first service to be created would report only its own.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        (endpoints ?? HealthEndpoints.Map)(app);
        return app;
    }

    /// <summary>Creates the services of the short-lived verbs, from the same configuration.</summary>
    public static ServiceProvider CreateServices(string[] args)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration
            .AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args);
        AddSecrets(builder.Configuration, SecretsDirectory);
        builder.AddRuntime();
        return builder.Services.BuildServiceProvider();
    }

    /// <summary>
    /// Adds one secret per file; the file's name is the key, such as <c>Broker__Password</c>. Only the command line
    /// overrides them.
    /// </summary>
    internal static void AddSecrets(ConfigurationManager configuration, string directory)
    {
        if (!Directory.Exists(directory)) return;
        var secrets = new KeyPerFileConfigurationSource
        {
            FileProvider = new PhysicalFileProvider(directory), Optional = true,
        };
        var sources = configuration.Sources;
        var commandLine = sources.ToList().FindLastIndex(source => source is CommandLineConfigurationSource);
        sources.Insert(commandLine < 0 ? sources.Count : commandLine, secrets);
    }

    private static void UseConfiguredPort(WebApplicationBuilder builder, int defaultPort)
    {
        var ports = builder.Configuration["http_ports"] ?? "";
        var split = ports.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (!split.All(port => ushort.TryParse(port, out _)))
            throw new UsageException($"ASPNETCORE_HTTP_PORTS is '{ports}'; allowed: 0 to 65535, separated by ';'");
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && ports.Length == 0)
            builder.WebHost.UseUrls($"http://127.0.0.1:{defaultPort}");
    }

    /// <summary>Logs JSON for machines in a container, and one readable line per record in a terminal.</summary>
    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        // It would log a failing check at each probe. The response names the check, and the runtime logs each change.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        if (builder.Configuration.GetValue<bool>("DOTNET_RUNNING_IN_CONTAINER"))
        {
            builder.Logging.AddJsonConsole(json =>
                (json.TimestampFormat, json.UseUtcTimestamp) = ("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", true));
            return;
        }
        builder.Services.AddSingleton<ConsoleFormatter, TerminalFormatter>();
        builder.Logging.AddConsole(console => console.FormatterName = TerminalFormatter.FormatterName);
    }

    /// <summary>Serves metrics to Prometheus, and exports metrics, traces and logs over OTLP if configured.</summary>
    private static void AddTelemetry(WebApplicationBuilder builder)
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

    private static void AddHealthChecks(IServiceCollection services)
    {
        WorkerHealthCheck.AddTo(services.AddHealthChecks());
        services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var check in options.Registrations.Where(check => check.Timeout == Timeout.InfiniteTimeSpan))
                check.Timeout = HealthCheckTimeout;
        });
    }
}
