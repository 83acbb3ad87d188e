using System.Net;
using System.Net.Sockets;

namespace ReWorker.Faults;

/// <summary>Which way bytes go.</summary>
[Flags]
internal enum Way
{
    ToBroker = 1,
    ToWorker = 2,
    Both = ToBroker | ToWorker,
}

/// <summary>
/// Stands between worker and broker: refuses, stays silent, delays, slices, holds (each way apart) and resets.
/// </summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly IReadOnlyList<IPEndPoint> _targets;
    private readonly IPAddress _address;
    private readonly List<ProxyLink> _links = [];
    private readonly CancellationTokenSource _end = new();
    private TcpListener? _listener;
    private int _next;

    /// <param name="address">Where it listens; by default at 127.0.0.1.</param>
    public Proxy(IReadOnlyList<IPEndPoint> targets, IPAddress? address = null)
    {
        (_targets, _address) = (targets, address ?? IPAddress.Loopback);
        while (_listener is null)
        {
            Port = ContainerBroker.FreePort();
            try
            {
                Open();
            }
            catch (SocketException)
            {
                // another took it this moment
                _listener = null;
            }
        }
    }

    public int Port { get; }

    /// <summary>Takes connections and lets nothing through.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Each piece is late by this, give or take a third.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Pieces are at most so long; 0: as they come.</summary>
    public int Slice { get; set; }

    /// <summary>How many connections were tried.</summary>
    public int Accepted { get; private set; }

    /// <summary>Nobody listens any more: connections are refused.</summary>
    public void Close()
    {
        _listener?.Stop();
        _listener = null;
    }

    public void Open()
    {
        if (_listener is not null) return;
        _listener = new TcpListener(_address, Port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        _ = AcceptAsync(_listener);
    }

    /// <summary>Ends every connection with a TCP reset.</summary>
    public void Reset()
    {
        foreach (var link in Links()) link.Reset();
    }

    /// <summary>Holds what flows on the connections that there are now; new ones pass.</summary>
    public void Hold(Way way, string? connection = null)
    {
        foreach (var link in Links().Where(one => connection is null || one.Says(connection))) link.Held |= way;
    }

    public void Release()
    {
        foreach (var link in Links()) link.Held = 0;
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _end.CancelAsync();
        Reset();
        _end.Dispose();
    }

    private List<ProxyLink> Links()
    {
        lock (_links) return [.. _links];
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // closed
        }
    }

    private async Task ServeAsync(Socket worker)
    {
        Accepted++;
        worker.NoDelay = true;
        using var broker = await ConnectAsync();
        if (broker is null && !IsSilent)
        {
            worker.LingerState = new LingerOption(true, 0);
            worker.Dispose();
            return;
        }
        using var link = new ProxyLink(this, worker, broker);
        lock (_links) _links.Add(link);
        try
        {
            await link.RunAsync(_end.Token);
        }
        finally
        {
            lock (_links) _links.Remove(link);
        }
    }

    /// <summary>The first node that answers, in turn.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        for (var tries = 0; tries < _targets.Count && !IsSilent; tries++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(_targets[_next++ % _targets.Count]).WaitAsync(TimeSpan.FromSeconds(2));
                return socket;
            }
            catch (Exception e) when (e is SocketException or TimeoutException)
            {
                socket.Dispose();
            }
        }
        return null;
    }
}
