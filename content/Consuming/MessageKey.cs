using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Consuming;

/// <summary>Recognises a message that is delivered again: AMQP gives it a new tag each time, and requesters need not name it.</summary>
internal static class MessageKey
{
    public static UInt128 Of(IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
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
        hash.AppendData(Encoding.UTF8.GetBytes(text ?? ""));
        hash.AppendData([(byte)0xFF]);
    }
}
