using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace ReWorker.TestKit;

/// <summary>One connection through the proxy.</summary>
internal sealed class ProxyLink(Proxy proxy, Socket worker, Socket? broker) : IDisposable
{
    /// <summary>How far into what the client says its name is looked for.</summary>
    private const int MaxGreeting = 4096;

    private byte[]? _greeting = [];
    private volatile bool _isGone;

    public bool HasBroker => broker is not null;

    public Way Held { get; set; }

    /// <summary>The name that the client gave the connection when it opened it. Empty until then.</summary>
    public string Name { get; private set; } = "";

    /// <summary>A key of the client's properties in AMQP's Connection.StartOk: length, name and type.</summary>
    private static ReadOnlySpan<byte> NameField => "\u000fconnection_nameS"u8;

    public Task RunAsync(CancellationToken cancel) => broker is null
        ? IgnoreAsync(cancel)
        : Task.WhenAll(
            PumpAsync(worker, broker, Way.ToBroker, cancel), PumpAsync(broker, worker, Way.ToWorker, cancel));

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
                // it ended by itself this moment
            }
        }
        Dispose();
    }

    public void Dispose()
    {
        _isGone = true;
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
        catch (Exception e) when (IsEnd(e))
        {
            // gone
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Way way, CancellationToken cancel)
    {
        var pieces = Channel.CreateBounded<(byte[] Bytes, long Due)>(256);
        var write = WriteAsync(pieces, to, way, cancel);
        var buffer = new byte[64 * 1024];
        Memory<byte> Room() => proxy.Slice > 0 ? buffer.AsMemory(0, proxy.Slice) : buffer;
        try
        {
            while (await from.ReceiveAsync(Room(), cancel) is > 0 and var read)
            {
                proxy.Moved();
                if (way is Way.ToBroker) FindName(buffer.AsSpan(0, read));
                var late = proxy.Delay.TotalMilliseconds * (0.67 + (Random.Shared.NextDouble() * 0.66));
                await pieces.Writer.WriteAsync((buffer[..read], Environment.TickCount64 + (long)late), cancel);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // gone
        }
        pieces.Writer.TryComplete();
        await write;
    }

    private async Task WriteAsync(
        Channel<(byte[] Bytes, long Due)> pieces, Socket to, Way way, CancellationToken cancel)
    {
        try
        {
            await foreach (var (bytes, due) in pieces.Reader.ReadAllAsync(cancel))
            {
                if (due - Environment.TickCount64 is > 0 and var wait) await Task.Delay((int)wait, cancel);
                await WhileHeldAsync();
                for (var sent = 0; sent < bytes.Length;) sent += await to.SendAsync(bytes.AsMemory(sent), cancel);
            }
            // one end has said all: the other one gets the last of it, and may still answer
            await WhileHeldAsync();
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // nobody takes what the other end says
            pieces.Writer.TryComplete();
            Dispose();
        }

        async Task WhileHeldAsync()
        {
            while (Held.HasFlag(way) && !_isGone) await Task.Delay(20, cancel);
        }
    }

    private void FindName(ReadOnlySpan<byte> bytes)
    {
        if (_greeting is null) return;
        _greeting = [.. _greeting, .. bytes];
        var at = _greeting.AsSpan().IndexOf(NameField);
        var value = at < 0 ? [] : _greeting.AsSpan(at + NameField.Length);
        if (value.Length > 4 && BinaryPrimitives.ReadInt32BigEndian(value) is var length && value.Length >= 4 + length)
        {
            Name = Encoding.UTF8.GetString(value.Slice(4, length));
            _greeting = null;
        }
        else if (_greeting.Length > MaxGreeting)
        {
            _greeting = null;
        }
    }

    private static bool IsEnd(Exception e) =>
        e is SocketException or OperationCanceledException or ObjectDisposedException or ChannelClosedException;
}
