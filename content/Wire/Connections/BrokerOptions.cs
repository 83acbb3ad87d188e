using Microsoft.Extensions.Options;
using ReWorker.Wire.Settings;

namespace ReWorker.Wire.Connections;

/// <summary>
/// How to reach the broker: section <c>Broker</c>. <c>ConnectionStrings:rabbitmq</c>, an amqp:// or amqps:// URI,
/// takes the place of the first six.
/// </summary>
public sealed class BrokerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Broker";

    /// <summary>Host name or address; of a name with several addresses each is tried. Default: localhost.</summary>
    [Text(1, 255)]
    public string Server { get; set; } = "localhost";

    /// <summary>TCP port, 1 to 65535. Default: 5672, with <see cref="Ssl"/> 5671.</summary>
    [Between(1, 65535)]
    public int? Port { get; set; }

    /// <summary>Virtual host. Default: <c>/</c>.</summary>
    [Text(1, 255)]
    public string VHost { get; set; } = "/";

    /// <summary>User name. Default: guest.</summary>
    [Text(1, 255)]
    public string User { get; set; } = "guest";

    /// <summary>Password; read again at each attempt to connect. Default: guest.</summary>
    [Text(0, 65_535, Secret = true)]
    public string Password { get; set; } = "guest";

    /// <summary>TLS, of the version that the operating system prefers. Default: false.</summary>
    public bool Ssl { get; set; }

    /// <summary>The name that the broker's certificate must carry. Default: <see cref="Server"/>.</summary>
    public string? ServerName { get; set; }

    /// <summary>PEM file with the certificate authorities to trust instead of the system's. Default: none.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file with the client's certificate. Default: none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the client certificate's key. Default: in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>A peer that is silent for two to four of these is given up. 1 s to 10 min, default 10 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Deadline of each step of connecting. 1 s to 5 min, default 15 s.</summary>
    [Duration("00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The broker must confirm a message within this; afterwards it is sent again. 1 s to 10 min, default 30 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two attempts to connect. 1 s to 10 min, default 10 s.</summary>
    [Duration("00:00:01", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class BrokerOptionsValidator : IValidateOptions<BrokerOptions>;
