using System.Net.Sockets;
using RabbitMQ.Client;

namespace ReWorker.Tests.BadInput;

/// <summary>
/// Publishes headers that RabbitMQ.Client can neither encode nor decode: it replaces bytes of what the client sends.
/// </summary>
internal sealed class HostilePublisher(IConnection connection, IChannel channel) : IAsyncDisposable
{
    // a decimal with the largest scale that the client knows, 28, becomes one with 30
    private static readonly byte[] Scale28 = [(byte)'D', 28, 0, 0, 0, 1], Scale30 = [(byte)'D', 30, 0, 0, 0, 1];

    public static async Task<HostilePublisher> OpenAsync(Uri broker)
    {
        var factory = new ConnectionFactory
        {
            Uri = broker,
            SocketFactory = family => new HostileSocket(ConnectionFactoryBase.DefaultSocketFactory(family).Client),
        };
        var connection = await factory.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        return new HostilePublisher(connection, channel);
    }

    /// <summary>Publishes a message whose header <c>bad</c> is a decimal with the scale 30.</summary>
    public ValueTask PublishDecimalAsync(string exchange, string key, BasicProperties properties, byte[] body)
    {
        properties.Headers = new Dictionary<string, object?> { ["good"] = "kept", ["bad"] = 1E-28m };
        return channel.BasicPublishAsync(exchange, key, mandatory: true, properties, body);
    }

    /// <summary>Publishes a message whose header <c>bad</c> is a table in a table, so many levels deep.</summary>
    public ValueTask PublishNestedAsync(string key, BasicProperties properties, byte[] body, int levels)
    {
        object? value = 1;
        for (var i = 0; i < levels; i++) value = new Dictionary<string, object?> { ["x"] = value };
        properties.Headers = new Dictionary<string, object?> { ["bad"] = value };
        return channel.BasicPublishAsync("", key, mandatory: true, properties, body);
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private sealed class HostileSocket(Socket socket) : TcpClientAdapter(socket)
    {
        public override NetworkStream GetStream() => new HostileStream(Client);
    }

    private sealed class HostileStream(Socket socket) : NetworkStream(socket)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var bytes = buffer.ToArray();
            var at = bytes.AsSpan().IndexOf(Scale28);
            if (at >= 0) Scale30.CopyTo(bytes, at);
            return base.WriteAsync(bytes, cancellationToken);
        }
    }
}
