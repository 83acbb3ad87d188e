using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Consuming;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Topology;
using ReWorker.Wire.Settings;

namespace ReWorker.Hosting;

/// <summary>Adds workers to a host.</summary>
public static class WorkerRegistration
{
    /// <summary>The section of the worker's own configuration, if no file is given with <c>-w</c>.</summary>
    public const string ConfigSection = "WorkerConfig";

    // after a drain: the last replies, and closing the connections
    private static readonly TimeSpan TimeAfterDrain = TimeSpan.FromSeconds(10);

    /// <summary>Adds every worker for which the assembly has an <see cref="AddWorkerAttribute"/>.</summary>
    public static IHostApplicationBuilder AddWorkersOf(this IHostApplicationBuilder builder, Assembly assembly)
    {
        foreach (var worker in assembly.GetCustomAttributes<AddWorkerAttribute>()) worker.AddTo(builder);
        return builder;
    }

    /// <summary>
    /// Adds a worker. Call it again for another: each has a queue and slots of its own; all share the connections. A
    /// worker's settings are <c>Worker</c>, overridden by <c>Worker:&lt;class name&gt;</c>; <c>Worker:Queue</c> applies
    /// to the first worker only.
    /// </summary>
    /// <typeparam name="TWorker">The worker; created once, with the host's services.</typeparam>
    /// <param name="builder">The host.</param>
    /// <param name="json">The source-generated context with its parameters, its result and what it sends.</param>
    /// <param name="queue">Its queue if the configuration names none. Default: the class name in lower case.</param>
    public static IHostApplicationBuilder AddWorker<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TWorker>(
        this IHostApplicationBuilder builder, IJsonTypeInfoResolver? json = null, string? queue = null)
        where TWorker : Worker
    {
        var name = typeof(TWorker).Name;
        var services = builder.AddRuntime().Services;
        var isFirst = services.All(service => service.ServiceType != typeof(Runner));
        services.AddSingleton<TWorker>();
        services.AddSingleton(provider => CreateRunner(provider, provider.GetRequiredService<TWorker>(), json));
        services.AddOptions<WorkerOptions>(name).Configure<IConfiguration>((options, configuration) =>
        {
            configuration.GetSection(WorkerOptions.Section).Bind(options);
            // two workers on one queue would take each other's jobs
            if (!isFirst) options.Queue = "";
            configuration.GetSection($"{WorkerOptions.Section}:{name}").Bind(options);
            if (string.IsNullOrEmpty(options.Queue)) options.Queue = queue ?? name.ToLowerInvariant();
        }).ValidateOnStart();
        services.AddOptions<HostOptions>().Configure<IOptionsMonitor<WorkerOptions>>(
            (host, workers) => AllowDrain(host, workers, name));
        return builder;
    }

    /// <summary>Adds what all workers of the process share: the connections and their supervision.</summary>
    internal static IHostApplicationBuilder AddRuntime(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(Supervisor))) return builder;
        services.AddConnectionSource();
        services.AddMetrics();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsRules>();
        services.AddSingleton<IValidateOptions<WorkerOptions>>(provider => new UnknownKeyValidator<WorkerOptions>(
            provider.GetRequiredService<IConfiguration>(), hasWorkerSections: true));
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

    private static Runner CreateRunner(IServiceProvider services, Worker worker, IJsonTypeInfoResolver? json)
    {
        var name = worker.GetType().Name;
        worker.Json = new JobJson(json);
        worker.Json.Require(worker.JsonTypes, name);
        worker.Config = services.GetRequiredService<IConfiguration>().GetSection(ConfigSection);
        return new Runner(new WorkerContext(
            worker,
            services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().Get(name),
            services.GetRequiredService<Publisher>(),
            services.GetRequiredService<Instruments>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>().CreateLogger($"ReWorker.{name}")));
    }

    // the host must wait for the longest drain
    private static void AllowDrain(HostOptions host, IOptionsMonitor<WorkerOptions> workers, string name)
    {
        try
        {
            var needed = workers.Get(name).DrainTimeout + TimeAfterDrain;
            if (host.ShutdownTimeout < needed) host.ShutdownTimeout = needed;
        }
        catch (OptionsValidationException)
        {
            // the start reports it, together with whatever else is wrong
        }
    }
}
