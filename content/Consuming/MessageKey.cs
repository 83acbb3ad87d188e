using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;
using ReWorker.Protocol;

namespace ReWorker.Consuming;

/// <summary>Recognises a message that is delivered again: AMQP gives it a new tag each time, and requesters need not name it.</summary>
internal static class MessageKey
{
    // a hash of its own for each thread: to make one costs more than to use it
    [ThreadStatic]
    private static IncrementalHash? _hash;

    public static UInt128 Of(IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, properties.MessageId);
        Append(hash, properties.CorrelationId);
        Append(hash, properties.ReplyTo);
        hash.AppendData(body);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private static void Append(IncrementalHash hash, string? text)
    {
        // an AMQP short string, and a byte that no text has
        Span<byte> bytes = stackalloc byte[Names.ShortStringBytes + 1];
        if (text is { Length: > Names.ShortStringBytes } || !Encoding.UTF8.TryGetBytes(text ?? "", bytes[..^1], out var length))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text!));
            length = 0;
        }
        bytes[length] = 0xFF;
        hash.AppendData(bytes[..(length + 1)]);
    }
}
