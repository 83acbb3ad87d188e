using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ReWorker.Tests.Contract;

/// <summary>
/// A wire between one worker and the broker, which a test can hold and cut without disturbing anybody else. A worker
/// opens two connections: the first consumes and acknowledges, the second publishes.
/// </summary>
internal sealed class TestWire : IAsyncDisposable
{
    private readonly Uri _broker;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Line> _lines = [];
    private readonly Task _accepting;
    private volatile bool _isDown;
    private long _movedAt;

    public TestWire(Uri broker)
    {
        _broker = broker;
        _listener.Start();
        Amqp = new UriBuilder(broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = AcceptAsync();
    }

    public Uri Amqp { get; }

    /// <summary>The setting that puts a worker on this wire.</summary>
    public (string Key, string Value) Setting => ("ConnectionStrings:rabbitmq", Amqp.AbsoluteUri);

    /// <summary>From now on the broker hears no acknowledgements.</summary>
    public void HoldAcks() => Hold(lines => lines[^2], toBroker: true);

    /// <summary>From now on the worker hears no deliveries, and no answers about queues and exchanges.</summary>
    public void HoldAnswers() => Hold(lines => lines[^2], toBroker: false);

    /// <summary>From now on the worker hears no confirms.</summary>
    public void HoldConfirms() => Hold(lines => lines[^1], toBroker: false);

    /// <summary>Waits until nothing is on its way: the broker has heard every acknowledgement.</summary>
    public async Task QuietAsync(CancellationToken cancel)
    {
        Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref _movedAt)) < TimeSpan.FromMilliseconds(250)) await Task.Delay(20, cancel);
    }

    /// <summary>Resets every connection; new ones are taken unless it stays down.</summary>
    public void Cut(bool stayDown = false)
    {
        _isDown = stayDown;
        lock (_lines)
        {
            foreach (var line in _lines) line.Cut();
            _lines.Clear();
        }
    }

    /// <summary>Takes connections again.</summary>
    public void Resume() => _isDown = false;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut(stayDown: true);
        await _accepting;
        _listener.Dispose();
    }

    private void Hold(Func<List<Line>, Line> which, bool toBroker)
    {
        lock (_lines)
        {
            if (toBroker) which(_lines).HoldsToBroker = true;
            else which(_lines).HoldsToWorker = true;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var worker = await _listener.AcceptTcpClientAsync();
                if (_isDown)
                {
                    worker.Client.Close(0);
                    continue;
                }
                var broker = new TcpClient { NoDelay = true };
                await broker.ConnectAsync(_broker.Host, _broker.Port);
                var line = new Line(worker, broker, () => Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp()));
                lock (_lines) _lines.Add(line);
                _ = line.RunAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private sealed class Line(TcpClient worker, TcpClient broker, Action moved)
    {
        public volatile bool HoldsToBroker;
        public volatile bool HoldsToWorker;

        public Task RunAsync() => Task.WhenAll(PumpAsync(worker, broker, () => HoldsToBroker), PumpAsync(broker, worker, () => HoldsToWorker));

        public void Cut()
        {
            worker.Client.Close(0);
            broker.Client.Close(0);
        }

        private async Task PumpAsync(TcpClient from, TcpClient to, Func<bool> isHeld)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.Client.ReceiveAsync(buffer) is > 0 and var count)
                {
                    moved();
                    while (isHeld()) await Task.Delay(20);
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
                // the one end has said all: the other shall hear the last of it
                to.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                Cut();
            }
        }
    }
}
