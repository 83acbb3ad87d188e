using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>The bytes of content header frames that the client can and cannot decode.</summary>
public sealed class HeaderFilterTests
{
    private static readonly byte[] Good = Entry("good", [(byte)'I', 0, 0, 0, 7]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> ReadableValues =>
    [
        "V", "t1", "b1", "B1", "s12", "u12", "I1234", "i1234", "f1234", "D\u001c1234", "l12345678", "d12345678",
        "T12345678", "S\0\0\0\u0002ab", "x\0\0\0\u0002ab", "F\0\0\0\u0004\u0002abV", "A\0\0\0\u0003Vt1",
    ];

    [Theory, MemberData(nameof(ReadableValues))]
    public void Replace_TypeThatTheClientReads_IsNull(string value) =>
        Assert.Null(HeaderFilter.Replace(Frame([.. Good, .. Entry("x", Encoding.Latin1.GetBytes(value)), .. Good])));

    [Theory]
    [InlineData("D\u001d1234", "'x' is a decimal with a scale of 29 (allowed: 28)")]
    [InlineData("A\0\0\0\u0006D\u00ff1234", "'x' is a decimal with a scale of 255 (allowed: 28)")]
    [InlineData("F\0\0\0\u0008\u0001yD\u001d1234", "'x' is a decimal with a scale of 29 (allowed: 28)")]
    [InlineData("A\0\0\0\u0001z", "'x' is cut off or has an unknown type")]
    [InlineData("z", "'x' is cut off or has an unknown type")]
    [InlineData("S\u00ff\u00ff\u00ff\u00ffab", "'x' is cut off or has an unknown type")]
    public void Replace_ValueThatTheClientCannotRead_LeavesOnlyTheReason(string value, string reason)
    {
        var frame = Frame([.. Good, .. Entry("x", Encoding.Latin1.GetBytes(value)), .. Good]);

        var replacement = HeaderFilter.Replace(frame);

        var text = Encoding.UTF8.GetBytes(reason);
        byte[] marker = [.. Entry(HeaderNames.Unreadable, [(byte)'S', 0, 0, 0, (byte)text.Length, .. text])];
        Assert.Equal(Frame(marker), replacement);
    }

    [Theory]
    [InlineData(HeaderFilter.MaxDepth - 1, true)]
    [InlineData(HeaderFilter.MaxDepth, true)]
    [InlineData(HeaderFilter.MaxDepth + 1, false)]
    [InlineData(5_000, false)]
    public void Replace_NestedTables_AreReadableUpToTheLimit(int levels, bool isReadable)
    {
        byte[] value = [(byte)'V'];
        for (var level = 0; level < levels; level++)
        {
            var table = Entry("y", value);
            value = [(byte)'F', .. Length(table), .. table];
        }

        var replacement = HeaderFilter.Replace(Frame(Entry("x", value)));

        Assert.Equal(isReadable, replacement is null);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task ReadAsync_WhateverTheChunks_PassesEverythingOnButUnreadableHeaders(int chunk)
    {
        var bad = Frame(Entry("x", [(byte)'D', 30, 0, 0, 0, 1]));
        byte[] method = [1, 0, 1, 0, 0, 0, 3, 1, 2, 3, 0xCE];
        byte[] content = [3, 0, 1, .. Length(new byte[50_000]), .. new byte[50_000], 0xCE];
        var large = Frame(Entry("y", [(byte)'S', .. Length(new byte[100_000]), .. new byte[100_000]]));
        byte[] received = [.. method, .. Frame(Good), .. content, .. bad, .. content, .. large, .. method];
        using var sockets = new SocketPair();
        await using var stream = new FilteredStream(sockets.Client, new ChunkedStream(received, chunk));

        using var passedOn = new MemoryStream();
        await stream.CopyToAsync(passedOn, Cancel);

        byte[] expected =
            [.. method, .. Frame(Good), .. content, .. HeaderFilter.Replace(bad)!, .. content, .. large, .. method];
        Assert.True(passedOn.ToArray().AsSpan().SequenceEqual(expected));
    }

    // a content header frame of basic with content type, content encoding, headers and delivery mode
    private static byte[] Frame(byte[] table)
    {
        byte[] payload =
        [
            0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0xF0, 0,
            3, (byte)'a', (byte)'/', (byte)'b', 1, (byte)'c', .. Length(table), .. table, 2,
        ];
        return [2, 0, 1, .. Length(payload), .. payload, 0xCE];
    }

    private static byte[] Entry(string name, byte[] value) =>
        [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. value];

    private static byte[] Length(byte[] bytes)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return length;
    }

    private sealed class ChunkedStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }

    /// <summary>A connected socket, which a NetworkStream needs.</summary>
    private sealed class SocketPair : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public SocketPair()
        {
            _listener.Start();
            Client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Client.Connect(_listener.LocalEndpoint);
        }

        public Socket Client { get; }

        public void Dispose()
        {
            Client.Dispose();
            _listener.Dispose();
        }
    }
}
