using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Telemetry;
using ReWorker.Topology;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Settings;

namespace ReWorker.Hosting;

/// <summary>Adds workers to a host.</summary>
public static class WorkerRegistration
{
    /// <summary>The section of the worker's own configuration, for those who give no file with <c>-w</c>.</summary>
    public const string ConfigSection = "WorkerConfig";

    /// <summary>
    /// Adds a worker. Call it again for another: each has its queue and its slots, all share the connections. Its settings are
    /// <c>Worker</c>, then <c>Worker:&lt;class name&gt;</c>; <c>Worker:Queue</c> is the first worker's alone.
    /// </summary>
    /// <typeparam name="TWorker">The worker; made once, with the host's services.</typeparam>
    /// <param name="json">The source-generated context with the types of its parameters, its data and what it sends.</param>
    /// <param name="queue">Its queue where the configuration names none; without it the class name in lower case.</param>
    public static IHostApplicationBuilder AddWorker<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TWorker>(
        this IHostApplicationBuilder builder, IJsonTypeInfoResolver? json = null, string? queue = null)
        where TWorker : Worker
    {
        var name = typeof(TWorker).Name;
        builder.AddRuntime();
        var isFirst = builder.Services.All(one => one.ServiceType != typeof(Runner));
        builder.Services.AddSingleton<TWorker>();
        builder.Services.AddSingleton(services =>
        {
            var worker = services.GetRequiredService<TWorker>();
            worker.Json = new JobJson(json);
            worker.Config = services.GetRequiredService<IConfiguration>().GetSection(ConfigSection);
            var options = services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().Get(name);
            var parts = new WorkerContext(
                name, worker, options, services.GetRequiredService<Publisher>(), services.GetRequiredService<Instruments>(), services.GetRequiredService<TimeProvider>());
            return new Runner(parts, services.GetRequiredService<ILoggerFactory>().CreateLogger($"ReWorker.{name}"));
        });

        builder.Services.AddOptions<WorkerOptions>(name).Configure<IConfiguration>((options, configuration) =>
        {
            configuration.GetSection(WorkerOptions.Section).Bind(options);
            // two workers on one queue would take each other's jobs
            if (!isFirst) options.Queue = "";
            configuration.GetSection($"{WorkerOptions.Section}:{name}").Bind(options);
            if (string.IsNullOrEmpty(options.Queue)) options.Queue = queue ?? name.ToLowerInvariant();
        }).ValidateOnStart();
        // the host waits for the longest drain, and for what follows it
        builder.Services.AddOptions<HostOptions>().Configure<IOptionsMonitor<WorkerOptions>>((host, workers) =>
        {
            try
            {
                var needed = workers.Get(name).DrainTimeout + TimeSpan.FromSeconds(10);
                if (host.ShutdownTimeout < needed) host.ShutdownTimeout = needed;
            }
            catch (OptionsValidationException)
            {
                // the start says it, together with whatever else is wrong
            }
        });
        return builder;
    }

    /// <summary>What every worker of the process shares: the connections and those who look after them.</summary>
    internal static IHostApplicationBuilder AddRuntime(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        if (services.Any(one => one.ServiceType == typeof(Supervisor))) return builder;
        services.AddConnectionSource();
        services.AddMetrics();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsRules>();
        services.AddSingleton<IValidateOptions<WorkerOptions>>(provider =>
            new UnknownKeyValidator<WorkerOptions>(provider.GetRequiredService<IConfiguration>(), hasWorkerSections: true));
        services.AddSingleton<Instruments>();
        services.AddSingleton<HealthState>();
        services.AddSingleton<TopologyBuilder>();
        services.AddSingleton<ConsumerFactory>();
        services.AddSingleton<Publisher>();
        services.AddSingleton<ConsumptionProbe>();
        services.AddHostedService<ThreadPoolGuard>();
        services.AddSingleton<Supervisor>();
        services.AddHostedService(provider => provider.GetRequiredService<Supervisor>());
        return builder;
    }
}
