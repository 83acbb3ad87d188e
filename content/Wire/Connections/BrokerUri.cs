using System.Diagnostics.CodeAnalysis;

namespace ReWorker.Wire.Connections;

/// <summary>Reads AMQP URIs as their specification says.</summary>
internal static class BrokerUri
{
    /// <summary>The end of an error. It does not repeat the URI, which may contain a password.</summary>
    public const string NotValid = "not an AMQP URI; allowed: amqp://user:password@host:port/vhost, " +
        "amqps:// with TLS, special characters percent-encoded";

    public static bool IsValid(string text) => TryParse(text, out _);

    /// <summary>Does nothing if there is no URI.</summary>
    public static void Apply(string? text, ConnectionFactory factory)
    {
        if (!TryParse(text, out var uri)) return;

        factory.Ssl.Enabled = uri.Scheme is "amqps";
        factory.HostName = uri.Host.Trim('[', ']');
        factory.Port = uri.Port > 0 ? uri.Port : factory.Ssl.Enabled ? 5671 : 5672;

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0) factory.UserName = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) factory.Password = Uri.UnescapeDataString(user[1]);

        // By the specification, amqp://host/ names the virtual host "". Everybody who writes it means "/".
        var path = uri.AbsolutePath.TrimStart('/');
        factory.VirtualHost = path.Length > 0 ? Uri.UnescapeDataString(path) : "/";
    }

    private static bool TryParse(string? text, [NotNullWhen(true)] out Uri? uri) =>
        Uri.TryCreate(text, UriKind.Absolute, out uri) && uri.Scheme is "amqp" or "amqps" && uri.Host.Length > 0;
}
