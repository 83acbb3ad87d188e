using System.Net;
using System.Net.Sockets;

namespace ReWorker.Faults;

/// <summary>An address that never answers a connection attempt, like a dead machine: its backlog is full.</summary>
internal sealed class SilentAddress : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public SilentAddress(IPEndPoint address)
    {
        var listener = Tcp();
        listener.Bind(address);
        listener.Listen(0);
        for (var one = 0; one < 4; one++)
            _ = Tcp().ConnectAsync(address).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
    }

    public void Dispose() => _sockets.ForEach(one => one.Dispose());

    private Socket Tcp()
    {
        _sockets.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
        return _sockets[^1];
    }
}
