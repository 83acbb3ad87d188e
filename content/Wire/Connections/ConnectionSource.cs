using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Hosting;

namespace ReWorker.Wire.Connections;

/// <summary>Opens connections. Reads the settings again each time, so that rotated secrets take effect.</summary>
internal class ConnectionSource(
    IOptionsMonitor<BrokerOptions> options, TimeProvider time, IConfiguration? configuration = null,
    IHostApplicationLifetime? lifetime = null)
{
    private readonly Lock _gate = new();

    /// <summary>The address that was last read from the settings, without the password.</summary>
    public string Address { get; private set; } = "the broker";

    /// <summary>Checks the settings and reads the certificates without connecting. Returns the address.</summary>
    /// <exception cref="FormatException">A file can't be read. The message names the key.</exception>
    public string Check()
    {
        CreateFactory(out _);
        return Address;
    }

    /// <exception cref="TimeoutException">The broker did not answer within the connect timeout.</exception>
    public virtual async Task<IConnection> OpenAsync(string name, CancellationToken cancel)
    {
        var factory = ReadSettings(out var tls);
        var sockets = new ConcurrentBag<ITcpClient>();
        factory.SocketFactory = family =>
        {
            var socket = new BrokerSocket(ConnectionFactoryBase.DefaultSocketFactory(family).Client, tls);
            sockets.Add(socket);
            return socket;
        };
        try
        {
            return await Deadline.RunAsync(
                token => ConnectAsync(factory, name, token), options.CurrentValue.ConnectTimeout, "connecting", time,
                cancel, connection => connection.AbortAsync());
        }
        catch (Exception)
        {
            // The client does not close the socket when a handshake fails.
            foreach (var socket in sockets) socket.Dispose();
            throw;
        }
    }

    // Tries each address of the host. The client itself tries only one.
    private static async Task<IConnection> ConnectAsync(
        ConnectionFactory factory, string name, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(factory.HostName, cancel);
        // An address that does not answer must leave time for the others. The client tries them in random order.
        if (addresses.Length > 1) factory.RequestedConnectionTimeout /= addresses.Length + 1;
        var hosts = addresses.Select(address => address.ToString());
        return await factory.CreateConnectionAsync(hosts, name, cancel);
    }

    private ConnectionFactory ReadSettings(out SslClientAuthenticationOptions? tls)
    {
        lock (_gate)
        {
            // .NET does not tolerate a reload while options are read for the first time, as they are during the start.
            if (lifetime is null or { ApplicationStarted.IsCancellationRequested: true })
                (configuration as IConfigurationRoot)?.Reload();
            return CreateFactory(out tls);
        }
    }

    private ConnectionFactory CreateFactory(out SslClientAuthenticationOptions? tls)
    {
        var settings = options.CurrentValue;
        var factory = new ConnectionFactory
        {
            HostName = settings.Server,
            Port = settings.Port ?? (settings.Ssl ? 5671 : 5672),
            VirtualHost = settings.VHost,
            UserName = settings.User,
            Password = settings.Password,
            // The owner of the connection recovers it, not the client.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            // Brokers before 4.0 allow this size. With a lower limit, a large message would close the connection.
            MaxInboundMessageBodySize = 128 * 1024 * 1024,
            RequestedHeartbeat = settings.Heartbeat,
            RequestedConnectionTimeout = settings.ConnectTimeout,
            ContinuationTimeout = settings.ConnectTimeout,
            HandshakeContinuationTimeout = settings.ConnectTimeout,
        };
        factory.Ssl.Enabled = settings.Ssl;
        BrokerUri.Apply(settings.Uri, factory);
        var (scheme, vhost) = (factory.Ssl.Enabled ? "amqps" : "amqp", Uri.EscapeDataString(factory.VirtualHost));
        Address = $"{scheme}://{factory.UserName}@{factory.HostName}:{factory.Port}/{vhost}";
        tls = factory.Ssl.Enabled ? TlsSettings.Create(settings, factory.HostName) : null;
        // BrokerSocket does TLS
        factory.Ssl = new SslOption();
        return factory;
    }
}
