using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace ReWorker.TestKit;

/// <summary>One connection through the proxy.</summary>
internal sealed class ProxyLink(Proxy proxy, Socket worker, Socket? broker) : IDisposable
{
    /// <summary>How many of the client's first bytes are searched for its name.</summary>
    private const int MaxHandshake = 4096;

    private byte[]? _handshake = [];
    private volatile bool _isDisposed;

    public bool HasBroker => broker is not null;

    public Direction Held { get; set; }

    /// <summary>The client's name for the connection. Empty until the client has sent it.</summary>
    public string Name { get; private set; } = "";

    /// <summary>A key in the client properties of AMQP's Connection.StartOk: length, name and type.</summary>
    private static ReadOnlySpan<byte> NameField => "\u000fconnection_nameS"u8;

    public Task RunAsync(CancellationToken cancel) => broker is null
        ? DiscardAsync(cancel)
        : Task.WhenAll(
            PumpAsync(worker, broker, Direction.ToBroker, cancel),
            PumpAsync(broker, worker, Direction.ToWorker, cancel));

    public void Reset()
    {
        foreach (var socket in new[] { worker, broker })
        {
            try
            {
                socket?.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // the peer closed it just now
            }
        }
        Dispose();
    }

    public void Dispose()
    {
        _isDisposed = true;
        worker.Dispose();
        broker?.Dispose();
    }

    private async Task DiscardAsync(CancellationToken cancel)
    {
        var buffer = new byte[4096];
        try
        {
            while (await worker.ReceiveAsync(buffer, cancel) > 0)
            {
                // a silent broker reads and never answers
            }
        }
        catch (Exception e) when (IsDisconnect(e))
        {
            // the connection has ended
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Direction direction, CancellationToken cancel)
    {
        var chunks = Channel.CreateBounded<(byte[] Bytes, long Due)>(256);
        var write = WriteAsync(chunks, to, direction, cancel);
        var buffer = new byte[64 * 1024];
        Memory<byte> ReceiveBuffer() => proxy.Slice > 0 ? buffer.AsMemory(0, proxy.Slice) : buffer;
        try
        {
            while (await from.ReceiveAsync(ReceiveBuffer(), cancel) is > 0 and var read)
            {
                proxy.OnTraffic();
                if (direction is Direction.ToBroker) FindName(buffer.AsSpan(0, read));
                var delay = proxy.Delay.TotalMilliseconds * (0.67 + (Random.Shared.NextDouble() * 0.66));
                await chunks.Writer.WriteAsync((buffer[..read], Environment.TickCount64 + (long)delay), cancel);
            }
        }
        catch (Exception e) when (IsDisconnect(e))
        {
            // the connection has ended
        }
        chunks.Writer.TryComplete();
        await write;
    }

    private async Task WriteAsync(
        Channel<(byte[] Bytes, long Due)> chunks, Socket to, Direction direction, CancellationToken cancel)
    {
        try
        {
            await foreach (var (bytes, due) in chunks.Reader.ReadAllAsync(cancel))
            {
                if (due - Environment.TickCount64 is > 0 and var wait) await Task.Delay((int)wait, cancel);
                await WhileHeldAsync();
                for (var sent = 0; sent < bytes.Length;) sent += await to.SendAsync(bytes.AsMemory(sent), cancel);
            }
            // the sender has finished: pass that on, because the receiver may still answer
            await WhileHeldAsync();
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsDisconnect(e))
        {
            // the receiver is gone: end the other direction too
            chunks.Writer.TryComplete();
            Dispose();
        }

        async Task WhileHeldAsync()
        {
            while (Held.HasFlag(direction))
            {
                await Task.Delay(20, cancel);
                // what was held when the connection ended is lost
                ObjectDisposedException.ThrowIf(_isDisposed, this);
            }
        }
    }

    private void FindName(ReadOnlySpan<byte> bytes)
    {
        if (_handshake is null) return;
        _handshake = [.. _handshake, .. bytes];
        var at = _handshake.AsSpan().IndexOf(NameField);
        var value = at < 0 ? [] : _handshake.AsSpan(at + NameField.Length);
        if (value.Length > 4 && BinaryPrimitives.ReadInt32BigEndian(value) is var length && value.Length >= 4 + length)
        {
            Name = Encoding.UTF8.GetString(value.Slice(4, length));
            _handshake = null;
        }
        else if (_handshake.Length > MaxHandshake)
        {
            _handshake = null;
        }
    }

    private static bool IsDisconnect(Exception e) =>
        e is SocketException or OperationCanceledException or ObjectDisposedException or ChannelClosedException;
}
