using RabbitMQ.Client;

namespace ReWorker.Wire.Connections;

/// <summary>Reads an <c>amqp://user:password@host:port/vhost</c> URI as its specification says.</summary>
internal static class BrokerUri
{
    /// <exception cref="FormatException">It is no such URI. The message does not repeat it: it may hold a password.</exception>
    public static void Apply(string text, ConnectionFactory factory)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0)
            throw new FormatException("ConnectionStrings:rabbitmq is no AMQP URI; allowed: amqp://user:password@host:port/vhost, amqps:// with TLS, special characters percent-encoded");

        factory.Ssl.Enabled = uri.Scheme is "amqps";
        factory.HostName = uri.Host.Trim('[', ']');
        factory.Port = uri.IsDefaultPort || uri.Port <= 0 ? (factory.Ssl.Enabled ? 5671 : 5672) : uri.Port;

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0) factory.UserName = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) factory.Password = Uri.UnescapeDataString(user[1]);

        // amqp://host has no virtual host of its own, amqp://host/ the one with the empty name, which people mean as "/"
        var path = uri.AbsolutePath.TrimStart('/');
        factory.VirtualHost = path.Length > 0 ? Uri.UnescapeDataString(path) : "/";
    }
}
