using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace ReWorker.Tests.Kit;

/// <summary>The proxy identifies a worker's connections by name, because they may open in any order.</summary>
public sealed class ProxyTests : IDisposable
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TcpListener _echo = new(IPAddress.Loopback, 0);

    [Theory]
    [InlineData("a consumes", "a publishes")]
    [InlineData("a publishes", "a consumes")]
    public async Task Hold_NamedConnection_HoldsOnlyThatConnection(string first, string second)
    {
        _echo.Start();
        _ = EchoAsync();
        await using var proxy = new Proxy([_echo.LocalEndpoint]);
        using var firstSocket = await OpenAsync(proxy, first);
        using var secondSocket = await OpenAsync(proxy, second);

        proxy.Hold(Direction.ToWorker, " consumes");

        var (consumes, publishes) = first == "a consumes" ? (firstSocket, secondSocket) : (secondSocket, firstSocket);
        await publishes.SendAsync("x"u8.ToArray(), _cancel);
        await consumes.SendAsync("x"u8.ToArray(), _cancel);
        Assert.Equal("x", await ReadAsync(publishes));
        await proxy.WaitUntilQuietAsync(_cancel);
        Assert.Equal(0, consumes.Available);
        proxy.Reset();
        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(consumes));
    }

    public void Dispose() => _echo.Dispose();

    /// <summary>Opens a connection and sends its name as an AMQP client does.</summary>
    private async Task<Socket> OpenAsync(Proxy proxy, string name)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port, _cancel);
        var handshake = $"AMQP\0\u000fconnection_nameS\0\0\0{(char)name.Length}{name}";
        await socket.SendAsync(Encoding.ASCII.GetBytes(handshake), _cancel);
        Assert.Equal(handshake, await ReadAsync(socket));
        return socket;
    }

    private async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[1024];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, _cancel));
    }

    private async Task EchoAsync()
    {
        while (true)
        {
            var stream = (await _echo.AcceptTcpClientAsync(_cancel)).GetStream();
            _ = stream.CopyToAsync(stream, _cancel);
        }
    }
}
