using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ReWorker.TestKit;

/// <summary>The direction in which bytes travel.</summary>
[Flags]
public enum Direction
{
    ToBroker = 1,
    ToWorker = 2,
    Both = ToBroker | ToWorker,
}

/// <summary>A TCP proxy between worker and broker that simulates network faults.</summary>
public sealed class Proxy : IAsyncDisposable
{
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ReservedPort _port = ReservedPort.Take();
    private readonly IReadOnlyList<EndPoint> _targets;
    private readonly IPAddress _address;
    private readonly List<ProxyLink> _links = [];
    private readonly CancellationTokenSource _stop = new();
    private TcpListener? _listener;
    private int _nextTarget;
    private long _lastTraffic;
    private int _resets;

    /// <param name="targets">The broker's nodes. New connections go to them round-robin.</param>
    /// <param name="address">The address to listen on; 127.0.0.1 by default.</param>
    public Proxy(IReadOnlyList<EndPoint> targets, IPAddress? address = null)
    {
        (_targets, _address) = (targets, address ?? IPAddress.Loopback);
        Open();
    }

    public int Port => _port.Number;

    /// <summary>New connections are accepted, but nothing is forwarded.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How long each chunk is delayed, plus or minus a third.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>The largest chunk to forward, in bytes. 0 means no limit.</summary>
    public int Slice { get; set; }

    /// <summary>How many connections the proxy has accepted.</summary>
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
        _listener = Listen();
        _ = AcceptAsync(_listener);
    }

    /// <summary>How many connections are open.</summary>
    public int Connections => Links().Count;

    /// <summary>Ends connections with a TCP reset.</summary>
    /// <param name="connection">How the client's name for the connection ends. By default, all connections.</param>
    public void Reset(string connection = "")
    {
        if (connection.Length == 0) Interlocked.Increment(ref _resets);
        foreach (var link in Links(connection)) link.Reset();
    }

    /// <summary>Holds back traffic on the connections that are open now. New connections are not affected.</summary>
    /// <param name="connection">How the client's name for the connection ends. By default, all connections.</param>
    public void Hold(Direction direction, string connection = "")
    {
        foreach (var link in Links(connection)) link.Held |= direction;
    }

    /// <summary>Waits until nothing was forwarded for a quarter of a second.</summary>
    public async Task WaitUntilQuietAsync(CancellationToken cancel)
    {
        OnTraffic();
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastTraffic)) < QuietPeriod) await Task.Delay(20, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _stop.CancelAsync();
        Reset();
        _stop.Dispose();
        _port.Dispose();
    }

    internal void OnTraffic() => Volatile.Write(ref _lastTraffic, Stopwatch.GetTimestamp());

    /// <summary>
    /// Tries for a while: a process that is just being started has this process's sockets, closed ones included, until
    /// it runs its own program.
    /// </summary>
    private TcpListener Listen()
    {
        for (var began = Stopwatch.GetTimestamp(); ; Thread.Sleep(20))
        {
            var listener = new TcpListener(_address, Port);
            try
            {
                listener.Start();
                return listener;
            }
            catch (SocketException e) when (
                e.SocketErrorCode is SocketError.AddressAlreadyInUse && Stopwatch.GetElapsedTime(began) < Patience)
            {
                listener.Dispose();
            }
        }
    }

    private List<ProxyLink> Links()
    {
        lock (_links) return [.. _links];
    }

    /// <exception cref="InvalidOperationException">
    /// No connection has this name, so the fault would do nothing.
    /// </exception>
    private List<ProxyLink> Links(string connection)
    {
        var links = Links();
        var found = links.FindAll(link => link.Name.EndsWith(connection, StringComparison.Ordinal));
        if (found.Count > 0 || connection.Length == 0) return found;
        var names = string.Join("', '", links.Select(link => link.Name));
        throw new InvalidOperationException($"no connection's name ends with '{connection}', only '{names}'");
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptSocketAsync(_stop.Token));
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
        var resets = Volatile.Read(ref _resets);
        using var link = new ProxyLink(this, worker, await ConnectAsync());
        lock (_links) _links.Add(link);
        // a reset that came in between has not seen this connection
        if ((!link.HasBroker && !IsSilent) || resets != Volatile.Read(ref _resets)) link.Reset();
        try
        {
            await link.RunAsync(_stop.Token);
        }
        finally
        {
            lock (_links) _links.Remove(link);
        }
    }

    /// <summary>Connects to the next node that accepts.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        for (var tries = 0; tries < _targets.Count && !IsSilent; tries++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(_targets[_nextTarget++ % _targets.Count]).WaitAsync(TimeSpan.FromSeconds(2));
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
