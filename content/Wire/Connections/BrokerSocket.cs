using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace ReWorker.Wire.Connections;

/// <summary>A socket to the broker. It does TLS itself, because the header filter needs the decrypted bytes.</summary>
internal sealed class BrokerSocket(Socket socket, SslClientAuthenticationOptions? tls) : TcpClientAdapter(socket)
{
    private Stream? _stream;

    public override async Task ConnectAsync(IPAddress ep, int port, CancellationToken cancellationToken = default)
    {
        await base.ConnectAsync(ep, port, cancellationToken);
        _stream = new NetworkStream(Client);
        if (tls is null) return;
        var secured = new SslStream(_stream);
        _stream = secured;
        await secured.AuthenticateAsClientAsync(tls, cancellationToken);
    }

    public override NetworkStream GetStream() => new FilteredStream(Client, _stream!);
}
