namespace ReWorker.Mutants.Defects;

/// <summary>How a verb's process is built: settings, ports, logs, telemetry and health.</summary>
internal static class ToolsHostingDefects
{
    private static readonly string[] _health = ["HealthEndpointTests"], _log = ["TerminalFormatterTests"];

    public static DefectTable Table { get; } = new("Tools/Hosting", ["WorkerHostTests"],
    [
        new("watches its files", "WorkerHost.Build",
            "[\"--hostBuilder:reloadConfigOnChange=false\", .. args]", "args"),
        new("ignores its arguments", "WorkerHost.Build",
            "[\"--hostBuilder:reloadConfigOnChange=false\", .. args]",
            "[\"--hostBuilder:reloadConfigOnChange=false\"]"),
        new("reads its settings from the current directory", "WorkerHost.Build", "AppContext.BaseDirectory", "null"),
        new("reports invalid settings one at a time", "WorkerHost.Build",
            "app.Services.GetRequiredService<IStartupValidator>().Validate();", ""),
        new("adds no workers", "WorkerHost.Build", "workers(builder);", ""),
        new("maps its own endpoints only", "WorkerHost.Build",
            "(endpoints ?? HealthEndpoints.Map)(app);", "HealthEndpoints.Map(app);"),
        new("has no endpoints by default", "WorkerHost.Build",
            "(endpoints ?? HealthEndpoints.Map)(app);", "endpoints?.Invoke(app);"),
        new("adds no health checks", "WorkerHost.Build", "AddHealthChecks(builder.Services);", "")
        {
            Tests = _health,
        },
        new("serves on every address", "WorkerHost.UseConfiguredPort",
            "$\"http://127.0.0.1:{defaultPort}\"", "$\"http://0.0.0.0:{defaultPort}\""),
        new("serves on the default port in spite of a configured one", "WorkerHost.UseConfiguredPort",
            "string.IsNullOrEmpty(builder.Configuration[\"urls\"]) && ports.Length == 0", "true"),
        new("serves on the default port in spite of a configured URL", "WorkerHost.UseConfiguredPort",
            "string.IsNullOrEmpty(builder.Configuration[\"urls\"]) && ports.Length == 0", "ports.Length == 0"),
        new("takes any port", "WorkerHost.UseConfiguredPort", "ushort.TryParse(port, out _)", "true"),
        new("checks only one of several ports", "WorkerHost.UseConfiguredPort",
            "split.All(port => ushort.TryParse(port, out _))",
            "split.Take(1).All(port => ushort.TryParse(port, out _))"),
        new("lets secrets win over arguments", "WorkerHost.AddSecrets",
            "commandLine < 0 ? sources.Count : commandLine", "sources.Count") { Tests = ["BindingTests"] },
        new("lets files win over secrets", "WorkerHost.AddSecrets",
            "commandLine < 0 ? sources.Count : commandLine", "0"),
        new("fails without secrets", "WorkerHost.AddSecrets", "!Directory.Exists(directory)", "false"),
        new("ignores the environment in short-lived verbs", "WorkerHost.CreateServices",
            """
            builder.Configuration
                .AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args);
            """,
            "builder.Configuration.AddJsonFile(\"appsettings.json\", optional: true).AddCommandLine(args);"),
        new("lets the environment win over arguments", "WorkerHost.CreateServices",
            """
            builder.Configuration
                .AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args);
            """,
            """
            builder.Configuration
                .AddJsonFile("appsettings.json", optional: true).AddCommandLine(args).AddEnvironmentVariables();
            """),
        new("ignores appsettings in short-lived verbs", "WorkerHost.CreateServices",
            "\"appsettings.json\"", "\"settings.json\""),
        new("logs each failing probe", "WorkerHost.AddLogging",
            "builder.Logging.AddFilter(\"Microsoft.Extensions.Diagnostics.HealthChecks\", LogLevel.None);", ""),
        new("keeps the host's own log providers", "WorkerHost.AddLogging", "builder.Logging.ClearProviders();", "")
        {
            Survives = "equivalent: the slim builder has only the console, which is not added twice",
        },
        new("logs for people in a container", "WorkerHost.AddLogging",
            "builder.Configuration.GetValue<bool>(\"DOTNET_RUNNING_IN_CONTAINER\")", "false"),
        new("logs local times in a container", "WorkerHost.AddLogging",
            "(\"yyyy-MM-dd'T'HH:mm:ss.fff'Z'\", true)", "(\"yyyy-MM-dd'T'HH:mm:ss.fff'Z'\", false)"),
        new("exports no metrics of the worker", "WorkerHost.AddTelemetry",
            "metrics.AddMeter(Traces.Name, \"System.Runtime\")", "metrics.AddMeter(\"System.Runtime\")"),
        new("exports no metrics of the process", "WorkerHost.AddTelemetry",
            "metrics.AddMeter(Traces.Name, \"System.Runtime\")", "metrics.AddMeter(Traces.Name)"),
        new("traces without an exporter", "WorkerHost.AddTelemetry",
            "builder.Configuration[\"OTEL_EXPORTER_OTLP_ENDPOINT\"] is { Length: > 0 }", "true"),
        new("never traces", "WorkerHost.AddTelemetry",
            "builder.Configuration[\"OTEL_EXPORTER_OTLP_ENDPOINT\"] is { Length: > 0 }", "false"),
        new("lets a health check hang", "WorkerHost.AddHealthChecks",
            "check.Timeout = HealthCheckTimeout;", "") { Tests = _health },
        new("overrides the time limit of a health check", "WorkerHost.AddHealthChecks",
            "check.Timeout == Timeout.InfiniteTimeSpan", "true") { Tests = _health },

        new("restarts a process whose database is away", "HealthEndpoints.Live",
            "check.Tags.Contains(WorkerHealthCheck.Live)", "true") { Tests = _health },
        new("counts no check in liveness", "HealthEndpoints.Live",
            "check.Tags.Contains(WorkerHealthCheck.Live)", "false") { Tests = _health },
        new("counts only tagged checks in readiness", "HealthEndpoints.Ready",
            "check.Tags.Contains(WorkerHealthCheck.Ready) || !check.Tags.Contains(WorkerHealthCheck.Live)",
            "check.Tags.Contains(WorkerHealthCheck.Ready)") { Tests = _health },
        new("counts liveness in readiness", "HealthEndpoints.Ready",
            "check.Tags.Contains(WorkerHealthCheck.Ready) || !check.Tags.Contains(WorkerHealthCheck.Live)", "true")
        {
            Tests = _health,
        },
        new("answers readiness with liveness", "HealthEndpoints.Map",
            "app.MapHealthChecks(\"/health/ready\", Ready);", "app.MapHealthChecks(\"/health/ready\", Live);"),
        new("maps no metrics", "HealthEndpoints.Map", "app.MapPrometheusScrapingEndpoint(\"/metrics\");", ""),
        new("answers health as text", "HealthEndpoints.WriteAsync",
            "context.Response.ContentType = \"application/json\";", "") { Tests = _health },
        new("lists the parts in any order", "HealthEndpoints.WriteAsync",
            "report.Entries.SelectMany(PartsOf).OrderBy(part => part.Name, StringComparer.Ordinal)",
            "report.Entries.SelectMany(PartsOf).Reverse()") { Tests = _health },
        new("shows no time of a part", "HealthEndpoints.WriteAsync",
            "part.Since?.UtcDateTime is { } since", "false") { Tests = _health },
        new("hides why a check has thrown", "HealthEndpoints.PartsOf",
            "entry.Description ?? entry.Exception?.Message ?? \"\"", "entry.Description ?? \"\"")
        {
            Survives = "equivalent: the health check service describes a check that has thrown by its exception",
        },
        new("shows an unhealthy part as healthy", "HealthEndpoints.PartsOf",
            "health.IsHealthy ? HealthStatus.Healthy : HealthStatus.Unhealthy", "entry.Status") { Tests = _health },

        new("logs a failed start twice", "TerminalFormatter.Write",
            "entry.EventId.Id == HostingFailedToStart && entry.Category == HostCategory", "false") { Tests = _log },
        new("hides the host's other errors", "TerminalFormatter.Write",
            "entry.EventId.Id == HostingFailedToStart && entry.Category == HostCategory",
            "entry.EventId.Id == HostingFailedToStart || entry.Category == HostCategory") { Tests = _log },
        new("lets a message forge a record in a terminal", "TerminalFormatter.Write",
            "Printable.OneLine(entry.Formatter(entry.State, null))", "entry.Formatter(entry.State, null)")
        {
            Tests = _log,
        },
        new("shows no stack trace", "TerminalFormatter.Write",
            "entry.Exception?.ToString().Split('\\n') ?? []", "[]") { Tests = _log },
        new("lets a stack trace forge a record", "TerminalFormatter.Write",
            "Printable.OneLine(line.TrimEnd())", "line.TrimEnd()") { Tests = _log },
        new("shows UTC in a terminal", "TerminalFormatter.Write", "time.GetLocalNow()", "time.GetUtcNow()")
        {
            Tests = _log,
        },
        new("shows the whole category", "TerminalFormatter.Write",
            "entry.Category[(entry.Category.LastIndexOf('.') + 1)..]", "entry.Category") { Tests = _log },
        new("shows an error as a warning", "TerminalFormatter.LevelName", "\"ERROR\"", "\"WARN \"") { Tests = _log },
        new("hides the exception that a check gives", "HealthEndpoints.PartsOf",
            "entry.Description ?? entry.Exception?.Message ?? \"\"", "entry.Description ?? \"\"")
            { Tests = ["HealthEndpointTests"] },
    ]);
}
