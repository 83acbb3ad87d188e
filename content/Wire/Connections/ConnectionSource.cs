using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace ReWorker.Wire.Connections;

/// <summary>Opens connections; reads name, password and certificates anew each time, so that rotated secrets take effect.</summary>
internal sealed class ConnectionSource(
    IConfiguration configuration, IOptionsMonitor<BrokerOptions> options, TimeProvider time, IHostApplicationLifetime? lifetime = null)
{
    private readonly Lock _gate = new();

    /// <summary>Where the connections go, without the password. Never throws: the log needs it when all else has failed.</summary>
    public string Address
    {
        get
        {
            try
            {
                var to = Endpoint();
                return $"{(to.Ssl.Enabled ? "amqps" : "amqp")}://{to.UserName}@{to.HostName}:{to.Endpoint.Port}/{Uri.EscapeDataString(to.VirtualHost)}";
            }
            catch (Exception)
            {
                return "the broker";
            }
        }
    }

    /// <summary>The address; says whatever is wrong with it and with the certificates, before anything is opened.</summary>
    /// <exception cref="FormatException">The URI is none, or a file can't be read; the message names the key.</exception>
    public string Check()
    {
        Factory();
        return Address;
    }

    /// <exception cref="TimeoutException">The broker did not answer within <see cref="BrokerOptions.ConnectTimeout"/>.</exception>
    public async Task<IConnection> OpenAsync(string name, CancellationToken cancel)
    {
        // secrets may have been rotated since the last time; but .NET can't stand a reload while others read their options for the
        // first time, as they do while the host starts, and ends the process over it
        ConnectionFactory factory;
        lock (_gate)
        {
            if (lifetime is null || lifetime.ApplicationStarted.IsCancellationRequested) (configuration as IConfigurationRoot)?.Reload();
            factory = Factory();
        }
        var sockets = new ConcurrentBag<ITcpClient>();
        factory.SocketFactory = family =>
        {
            var socket = ConnectionFactoryBase.DefaultSocketFactory(family);
            sockets.Add(socket);
            return socket;
        };
        try
        {
            return await Deadline.RunAsync(
                token => ConnectAsync(factory, name, token), options.CurrentValue.ConnectTimeout, "connecting", time, cancel,
                late => late.AbortAsync()).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // the client leaves the socket of a handshake that fails to the garbage collector
            foreach (var socket in sockets) socket.Dispose();
            throw;
        }
    }

    /// <summary>A name may have several addresses, of a cluster's nodes for example: the client by itself would try one of them only.</summary>
    private static async Task<IConnection> ConnectAsync(ConnectionFactory factory, string name, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(factory.HostName, cancel).ConfigureAwait(false);
        // one that is silent must leave time for the others
        if (addresses.Length > 1) factory.RequestedConnectionTimeout /= addresses.Length + 1;
        // the client takes them in an order of its own, another one each time
        return await factory.CreateConnectionAsync(addresses.Select(one => one.ToString()), name, cancel).ConfigureAwait(false);
    }

    private ConnectionFactory Factory()
    {
        var factory = Endpoint();
        if (factory.Ssl.Enabled) factory.Ssl = TlsSettings.Create(options.CurrentValue, factory.HostName);
        return factory;
    }

    private ConnectionFactory Endpoint()
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
            // brokers before 4.0 let so much through; what is too large is refused by itself then, not with its connection
            MaxInboundMessageBodySize = 128 * 1024 * 1024,
            RequestedHeartbeat = given.Heartbeat,
            RequestedConnectionTimeout = given.ConnectTimeout,
            ContinuationTimeout = given.ConnectTimeout,
            HandshakeContinuationTimeout = given.ConnectTimeout,
        };
        factory.Ssl.Enabled = given.Ssl;
        if (configuration.GetConnectionString("rabbitmq") is { Length: > 0 } uri) BrokerUri.Apply(uri, factory);
        return factory;
    }
}
