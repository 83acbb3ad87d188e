using ReWorker.Wire.Settings;

namespace ReWorker.Wire.Connections;

/// <summary>
/// How to reach the broker: the section <c>Broker</c>. The connection string <c>rabbitmq</c>, an <c>amqp://</c> or
/// <c>amqps://</c> URI, replaces <see cref="Server"/> to <see cref="Ssl"/>.
/// </summary>
public sealed class BrokerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Broker";

    /// <summary>The key of the broker's URI.</summary>
    internal const string UriKey = "ConnectionStrings:rabbitmq";

    /// <summary>Host name or address. If a name has several addresses, each is tried. Default: localhost.</summary>
    [Text(1, 255)]
    public string Server { get; set; } = "localhost";

    /// <summary>TCP port, 1 to 65535. Default: 5672; with <see cref="Ssl"/>, 5671.</summary>
    [Between(1, 65535)]
    public int? Port { get; set; }

    /// <summary>Virtual host. Default: <c>/</c>.</summary>
    [Text(1, 255)]
    public string VHost { get; set; } = "/";

    /// <summary>User name. Default: guest.</summary>
    [Text(1, 255)]
    public string User { get; set; } = "guest";

    /// <summary>Password, read again before each connection attempt. Default: guest.</summary>
    [Text(0, 65_535, IsSecret = true)]
    public string Password { get; set; } = "guest";

    /// <summary>Use TLS, in the version that the operating system prefers. Default: false.</summary>
    public bool Ssl { get; set; }

    /// <summary>The name that the broker's certificate must carry. Default: <see cref="Server"/>.</summary>
    public string? ServerName { get; set; }

    /// <summary>PEM file with the certificate authorities to trust. Default: the system's.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file with the client's certificate. Default: none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the key of the client's certificate. Default: <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The heartbeat. A dead peer is noticed after two to four of them. 1 s to 10 min, default 10 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit for each step of connecting. 1 s to 5 min, default 15 s.</summary>
    [Duration("00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long to wait for a publisher confirm before reconnecting. 1 s to 10 min, default 30 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two connection attempts. 1 s to 10 min, default 10 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The connection string. Internal, so that <c>Broker:Uri</c> is not a second key for it.</summary>
    internal string? Uri { get; set; }
}

[OptionsValidator]
internal sealed partial class BrokerOptionsValidator : IValidateOptions<BrokerOptions>;
