using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace ReWorker.Deliveries;

/// <summary>
/// Recognizes a redelivered message. AMQP gives each delivery a new tag, and requesters need not set a message id.
/// </summary>
internal static class MessageKey
{
    // each process has a seed of its own: two messages that collide in one process do not collide in the next
    private static readonly long Seed = Random.Shared.NextInt64();

    // one per thread, because creating a hash costs more than using it
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

    // appends the length first, so that no text can pass for part of the next
    private static void Append(XxHash128 hash, string? text)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text?.Length ?? 0);
        hash.Append(length);
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}
