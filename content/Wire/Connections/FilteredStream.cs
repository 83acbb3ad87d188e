using System.Buffers.Binary;
using System.Net.Sockets;

namespace ReWorker.Wire.Connections;

/// <summary>What RabbitMQ.Client reads: what the broker sends, without headers that the client cannot decode.</summary>
internal sealed class FilteredStream(Socket socket, Stream inner) : NetworkStream(socket)
{
    private const byte ContentHeader = 2;
    private const int FrameHeader = 7, MaxFrame = 1024 * 1024;

    private byte[] _buffer = new byte[32 * 1024];
    private int _start;    // from here to _checked, bytes can be passed on
    private int _checked;  // from here to _end, bytes have to be checked
    private int _end;
    private long _passing; // bytes of the current frame that need no check

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var count = Math.Min(buffer.Length, _checked - _start);
            if (count > 0)
            {
                _buffer.AsMemory(_start, count).CopyTo(buffer);
                _start += count;
                return count;
            }
            MakeRoom();
            var received = await inner.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (received == 0) return 0;
            _end += received;
            Check();
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    // everything that could be passed on has been: moves the rest to the front, and grows for a frame that does not fit
    private void MakeRoom()
    {
        Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
        (_start, _checked, _end) = (0, 0, _end - _start);
        if (_end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
    }

    private void Check()
    {
        while (_checked < _end)
        {
            var passed = (int)Math.Min(_passing, _end - _checked);
            (_checked, _passing) = (_checked + passed, _passing - passed);
            var rest = _buffer.AsSpan(_checked, _end - _checked);
            if (_passing > 0 || rest.Length < FrameHeader) return;
            var size = FrameHeader + BinaryPrimitives.ReadUInt32BigEndian(rest[3..]) + 1L;
            if (rest[0] == ContentHeader && size <= MaxFrame)
            {
                if (rest.Length < size) return;
                if (HeaderFilter.Replace(rest[..(int)size]) is { } replacement) size = Splice((int)size, replacement);
            }
            _passing = size;
        }
    }

    private int Splice(int size, byte[] replacement)
    {
        var tail = _buffer.AsSpan(_checked + size, _end - _checked - size).ToArray();
        var end = _checked + replacement.Length + tail.Length;
        if (end > _buffer.Length) Array.Resize(ref _buffer, end);
        replacement.CopyTo(_buffer, _checked);
        tail.CopyTo(_buffer, _checked + replacement.Length);
        _end = end;
        return replacement.Length;
    }
}
