using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ReWorker.TestKit;

/// <summary>Which way bytes go.</summary>
[Flags]
public enum Way
{
    ToBroker = 1,
    ToWorker = 2,
    Both = ToBroker | ToWorker,
}

/// <summary>Stands between worker and broker, and does to their connections what networks do.</summary>
public sealed class Proxy : IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private readonly ReservedPort _port = ReservedPort.Take();
    private readonly IReadOnlyList<EndPoint> _targets;
    private readonly IPAddress _address;
    private readonly List<ProxyLink> _links = [];
    private readonly CancellationTokenSource _end = new();
    private TcpListener? _listener;
    private int _next;
    private long _movedAt;

    /// <param name="targets">A cluster's nodes are connected to in turn.</param>
    /// <param name="address">Where it listens; by default at 127.0.0.1.</param>
    public Proxy(IReadOnlyList<EndPoint> targets, IPAddress? address = null)
    {
        (_targets, _address) = (targets, address ?? IPAddress.Loopback);
        Open();
    }

    public int Port => _port.Number;

    /// <summary>Takes connections and lets nothing through.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Each piece is late by this, give or take a third.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>The length of a piece at most; 0: as it comes.</summary>
    public int Slice { get; set; }

    /// <summary>How many connections were tried.</summary>
    public int Accepted { get; private set; }

    /// <summary>Stops listening: new connections are refused.</summary>
    public void Close()
    {
        _listener?.Stop();
        _listener = null;
    }

    public void Open()
    {
        if (_listener is not null) return;
        _listener = new TcpListener(_address, Port);
        _listener.Start();
        _ = AcceptAsync(_listener);
    }

    /// <summary>Ends every connection with a TCP reset.</summary>
    public void Reset()
    {
        foreach (var link in Links()) link.Reset();
    }

    /// <summary>Holds, for as long as they last, the connections that are open now. New ones pass.</summary>
    /// <param name="connection">The end of the name that the client gave the connection; by default all.</param>
    public void Hold(Way way, string connection = "")
    {
        foreach (var link in Links())
            if (link.Name.EndsWith(connection, StringComparison.Ordinal)) link.Held |= way;
    }

    /// <summary>Waits until nothing has moved for a quarter of a second.</summary>
    public async Task QuietAsync(CancellationToken cancel)
    {
        Moved();
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref _movedAt)) < Quiet) await Task.Delay(20, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _end.CancelAsync();
        Reset();
        _end.Dispose();
        _port.Dispose();
    }

    internal void Moved() => Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp());

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
        using var link = new ProxyLink(this, worker, await ConnectAsync());
        if (!link.HasBroker && !IsSilent)
        {
            link.Reset();
            return;
        }
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
