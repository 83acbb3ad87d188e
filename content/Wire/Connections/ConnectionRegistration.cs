using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ReWorker.Wire.Connections;

/// <summary>What worker and requester need alike to reach the broker.</summary>
internal static class ConnectionRegistration
{
    public static IServiceCollection AddConnectionSource(this IServiceCollection services)
    {
        if (services.Any(one => one.ServiceType == typeof(ConnectionSource))) return services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<BrokerOptions>().BindConfiguration(BrokerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BrokerOptions>, BrokerOptionsValidator>();
        services.AddSingleton<ConnectionSource>();
        return services;
    }

    /// <summary>For those who have a URI and no host.</summary>
    public static ConnectionSource FromUri(string uri, TimeProvider time)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:rabbitmq", uri)]).Build();
        var options = new OptionsMonitor<BrokerOptions>(new OptionsFactory<BrokerOptions>([], []), [], new OptionsCache<BrokerOptions>());
        return new ConnectionSource(configuration, options, time);
    }
}
