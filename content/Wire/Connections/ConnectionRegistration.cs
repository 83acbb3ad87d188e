using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ReWorker.Wire.Settings;

namespace ReWorker.Wire.Connections;

/// <summary>Registers what worker and requester need to reach the broker.</summary>
internal static class ConnectionRegistration
{
    public static IServiceCollection AddConnectionSource(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(ConnectionSource))) return services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<BrokerOptions>()
            .BindConfiguration(BrokerOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.Uri = configuration[BrokerOptions.UriKey])
            .Validate(
                options => options.Uri is null or "" || BrokerUri.IsValid(options.Uri),
                $"{BrokerOptions.UriKey} is {BrokerUri.NotValid}")
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<BrokerOptions>, BrokerOptionsValidator>();
        services.AddSingleton<IValidateOptions<BrokerOptions>, UnknownKeyValidator<BrokerOptions>>();
        services.AddSingleton<ConnectionSource>();
        return services;
    }

    /// <exception cref="ArgumentException">It is not an AMQP URI.</exception>
    public static ConnectionSource FromUri(string uri)
    {
        if (!BrokerUri.IsValid(uri)) throw new ArgumentException($"the URI is {BrokerUri.NotValid}");
        var configure = new ConfigureOptions<BrokerOptions>(options => options.Uri = uri);
        var factory = new OptionsFactory<BrokerOptions>([configure], []);
        var monitor = new OptionsMonitor<BrokerOptions>(factory, [], new OptionsCache<BrokerOptions>());
        return new ConnectionSource(monitor, TimeProvider.System);
    }
}
