using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using ReWorker.Options;
using ReWorker.Supervision;

namespace ReWorker.Broker;

/// <summary>Opens connections; reads name, password and certificates anew each time, so that rotated secrets take effect.</summary>
internal sealed class ConnectionSource(IConfiguration configuration, IOptionsMonitor<BrokerOptions> options, TimeProvider time)
{
    /// <summary>Where the connections go, without the password.</summary>
    public string Address => Factory() is var f ? $"{(f.Ssl.Enabled ? "amqps" : "amqp")}://{f.UserName}@{f.HostName}:{f.Endpoint.Port}/{Uri.EscapeDataString(f.VirtualHost)}" : "";

    /// <exception cref="TimeoutException">The broker did not answer within <see cref="BrokerOptions.ConnectTimeout"/>.</exception>
    public Task<IConnection> OpenAsync(string name, CancellationToken cancel)
    {
        // secrets may have been rotated since the last time
        (configuration as IConfigurationRoot)?.Reload();
        var factory = Factory();
        return Deadline.RunAsync(
            token => factory.CreateConnectionAsync(name, token), options.CurrentValue.ConnectTimeout, "connecting", time, cancel,
            late => late.AbortAsync());
    }

    private ConnectionFactory Factory()
    {
        var given = options.CurrentValue;
        var factory = new ConnectionFactory
        {
            HostName = given.Server,
            Port = given.Port ?? (given.Ssl ? 5671 : 5672),
            VirtualHost = given.VHost,
            UserName = given.User,
            Password = given.Password,
            // one supervisor recovers, and it is not the client's
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = given.Heartbeat,
            RequestedConnectionTimeout = given.ConnectTimeout,
            ContinuationTimeout = given.ConnectTimeout,
            HandshakeContinuationTimeout = given.ConnectTimeout,
        };
        factory.Ssl.Enabled = given.Ssl;
        if (configuration.GetConnectionString("rabbitmq") is { Length: > 0 } uri) BrokerUri.Apply(uri, factory);
        if (factory.Ssl.Enabled) factory.Ssl = Tls(given, factory.HostName);
        return factory;
    }

    private static SslOption Tls(BrokerOptions given, string host)
    {
        var tls = new SslOption(given.ServerName ?? host, enabled: true);
        if (given.CertificateFile is { Length: > 0 } file)
            tls.Certs = [X509Certificate2.CreateFromPemFile(file, given.KeyFile)];
        if (given.CaFile is { Length: > 0 } authorities)
        {
            var trusted = new X509Certificate2Collection();
            trusted.ImportFromPemFile(authorities);
            tls.CertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, trusted);
        }
        return tls;
    }

    /// <summary>The given authorities take the system's place; a wrong name or a missing certificate stays an error.</summary>
    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(new X509Certificate2(certificate));
    }
}
