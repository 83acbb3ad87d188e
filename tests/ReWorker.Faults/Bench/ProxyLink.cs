using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace ReWorker.Faults;

/// <summary>One connection through the proxy.</summary>
internal sealed class ProxyLink(Proxy proxy, Socket worker, Socket? broker) : IDisposable
{
    private readonly StringBuilder _greeting = new();

    public Way Held { get; set; }

    /// <summary>True if the worker named the connection so when it opened it.</summary>
    public bool Says(string name)
    {
        lock (_greeting) return _greeting.ToString().Contains(name, StringComparison.Ordinal);
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        if (broker is null)
        {
            await IgnoreAsync(cancel);
            return;
        }
        await Task.WhenAny(PumpAsync(worker, broker, Way.ToBroker, cancel), PumpAsync(broker, worker, Way.ToWorker, cancel));
    }

    public void Reset()
    {
        foreach (var socket in new[] { worker, broker })
        {
            try
            {
                socket?.LingerState = new LingerOption(true, 0);
                socket?.Dispose();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // it ended by itself this moment
            }
        }
    }

    public void Dispose()
    {
        worker.Dispose();
        broker?.Dispose();
    }

    private async Task IgnoreAsync(CancellationToken cancel)
    {
        var buffer = new byte[4096];
        try
        {
            while (await worker.ReceiveAsync(buffer, cancel) > 0)
            {
                // it may talk
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // gone
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Way way, CancellationToken cancel)
    {
        var pieces = Channel.CreateBounded<(byte[] Bytes, long Due)>(256);
        var write = WriteAsync(pieces.Reader, to, way, cancel);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(proxy.Slice > 0 ? buffer.AsMemory(0, proxy.Slice) : buffer, cancel) is > 0 and var read)
            {
                if (way is Way.ToBroker) Remember(buffer.AsSpan(0, read));
                var late = proxy.Delay * (0.67 + (Random.Shared.NextDouble() * 0.66));
                await pieces.Writer.WriteAsync((buffer[..read], Environment.TickCount64 + (long)late.TotalMilliseconds), cancel);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // gone
        }
        pieces.Writer.TryComplete();
        await write;
    }

    private async Task WriteAsync(ChannelReader<(byte[] Bytes, long Due)> pieces, Socket to, Way way, CancellationToken cancel)
    {
        try
        {
            await foreach (var (bytes, due) in pieces.ReadAllAsync(cancel))
            {
                if (due - Environment.TickCount64 is > 0 and var wait) await Task.Delay((int)wait, cancel);
                while (Held.HasFlag(way)) await Task.Delay(20, cancel);
                await to.SendAsync(bytes, cancel);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // gone
        }
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        lock (_greeting)
        {
            if (_greeting.Length < 4096) _greeting.Append(Encoding.Latin1.GetString(bytes));
        }
    }
}
