using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace ReWorker.Tests.Options;

/// <summary>A TLS port in front of the broker, with a test's certificate. Keeps each connection's first byte.</summary>
internal sealed class TlsPort : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _broker;
    private readonly SslServerAuthenticationOptions _tls;
    private readonly List<byte> _firstBytes = [];
    private readonly Task _accepting;

    public TlsPort(
        Uri broker, X509Certificate2 certificate, X509Certificate2? intermediate = null, bool wantsClient = false)
    {
        _broker = broker;
        X509Certificate2Collection? chain = intermediate is null ? null : [intermediate];
        _tls = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            ClientCertificateRequired = wantsClient,
            RemoteCertificateValidationCallback = (_, client, _, _) => !wantsClient || client?.Subject == "CN=a client",
        };
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The first byte of every connection: 22 is a TLS handshake, 65 would be AMQP in the clear.</summary>
    public IReadOnlyList<byte> FirstBytes
    {
        get
        {
            lock (_firstBytes) return [.. _firstBytes];
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var outside = client;
        using var inside = new TcpClient();
        try
        {
            var first = new byte[1];
            if (await outside.Client.ReceiveAsync(first, SocketFlags.Peek) == 0) return;
            lock (_firstBytes) _firstBytes.Add(first[0]);
            await using var tls = new SslStream(outside.GetStream());
            await tls.AuthenticateAsServerAsync(_tls);
            await inside.ConnectAsync(_broker.Host, _broker.Port);
            await using var plain = inside.GetStream();
            await Task.WhenAny(tls.CopyToAsync(plain), plain.CopyToAsync(tls));
        }
        catch (Exception)
        {
            // the worker's log says what was wrong
        }
    }
}
