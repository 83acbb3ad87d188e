using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using RabbitMQ.Client;

namespace ReWorker.Deliveries;

/// <summary>Recognises a message that is delivered again: AMQP gives it a new tag each time, and requesters need not name it.</summary>
internal static class MessageKey
{
    // another one in each process: two messages that agree in one do not in the next
    private static readonly long Seed = Random.Shared.NextInt64();

    // one for each thread: to make one costs more than to use it
    [ThreadStatic]
    private static XxHash128? _hash;

    public static UInt128 Compute(IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        var hash = _hash ??= new XxHash128(Seed);
        hash.Reset();
        Append(hash, properties.MessageId);
        Append(hash, properties.CorrelationId);
        Append(hash, properties.ReplyTo);
        hash.Append(body);
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>With its length ahead, so that no text can pass for a part of the next.</summary>
    private static void Append(XxHash128 hash, string? text)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text?.Length ?? 0);
        hash.Append(length);
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}
