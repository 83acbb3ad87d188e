using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ReWorker.Client;

/// <summary>Adds a <see cref="JobClient"/> to a host.</summary>
public static class JobClientRegistration
{
    /// <summary>
    /// Adds a <see cref="JobClient"/> as a singleton. The broker is <c>ConnectionStrings:rabbitmq</c>, or that of the
    /// section <c>Broker</c>.
    /// </summary>
    public static IHostApplicationBuilder AddJobClient(
        this IHostApplicationBuilder builder, Action<JobClientOptions>? configure = null)
    {
        builder.Services.AddConnectionSource();
        builder.Services.AddSingleton(services =>
        {
            var options = new JobClientOptions();
            configure?.Invoke(options);
            return services.CreateJobClient(options);
        });
        return builder;
    }

    internal static JobClient CreateJobClient(this IServiceProvider services, JobClientOptions options) => new(
        services.GetRequiredService<ConnectionSource>(),
        options,
        services.GetRequiredService<IOptionsMonitor<BrokerOptions>>().CurrentValue.ConfirmTimeout,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<JobClient>>());
}
