using System.Buffers.Binary;
using ReWorker.Wire.Contract;

namespace ReWorker.Wire.Connections;

/// <summary>
/// Finds message headers that RabbitMQ.Client cannot decode. The client decodes headers before any handler runs: over a
/// decimal with a large scale or a value of unknown type it closes the connection, and deep nesting overflows its
/// stack. The headers are replaced by <see cref="HeaderNames.Unreadable"/>, which says why.
/// </summary>
internal static class HeaderFilter
{
    public const int MaxDepth = 64, MaxDecimalScale = 28;

    private const int Size = 3, Payload = 7, Flags = Payload + 12, Properties = Flags + 2;
    private const ushort ContentType = 0x8000, ContentEncoding = 0x4000, Headers = 0x2000;
    private const string CutOff = "is cut off or has an unknown type";

    /// <summary>Checks a content header frame. Null if the client can read it, else a frame to use instead.</summary>
    public static byte[]? Replace(ReadOnlySpan<byte> frame)
    {
        var flags = frame.Length > Properties ? BinaryPrimitives.ReadUInt16BigEndian(frame[Flags..]) : 0;
        if ((flags & Headers) == 0) return null;
        var start = Properties;
        if ((flags & ContentType) != 0) start += 1 + frame[start];
        if ((flags & ContentEncoding) != 0) start += 1 + frame[start];
        var table = frame[(start + 4)..][..BinaryPrimitives.ReadInt32BigEndian(frame[start..])];
        if (FindProblem(table, MaxDepth) is not { } problem) return null;

        var (name, text) = (Encoding.ASCII.GetBytes(HeaderNames.Unreadable), Encoding.UTF8.GetBytes(problem));
        byte[] marker = [(byte)name.Length, .. name, (byte)'S', .. BigEndian(text.Length), .. text];
        byte[] replaced =
            [.. frame[..start], .. BigEndian(marker.Length), .. marker, .. frame[(start + 4 + table.Length)..]];
        BigEndian(replaced.Length - Payload - 1).CopyTo(replaced, Size);
        return replaced;
    }

    private static string? FindProblem(ReadOnlySpan<byte> table, int depth)
    {
        while (!table.IsEmpty)
        {
            var name = table[1..][..Math.Min(table[0], table.Length - 1)];
            table = table[(1 + name.Length)..];
            if (FindProblemOfNext(ref table, depth) is not { } problem) continue;
            return depth == MaxDepth ? $"'{Encoding.UTF8.GetString(name)}' {problem}" : problem;
        }
        return null;
    }

    private static string? FindProblemOfList(ReadOnlySpan<byte> list, int depth)
    {
        while (!list.IsEmpty)
            if (FindProblemOfNext(ref list, depth) is { } problem) return problem;
        return null;
    }

    // of the first value, which is taken from the rest
    private static string? FindProblemOfNext(ref ReadOnlySpan<byte> rest, int depth)
    {
        if (rest.IsEmpty) return CutOff;
        var type = (char)rest[0];
        var size = type switch
        {
            'V' => 1,
            't' or 'b' or 'B' => 2,
            's' or 'u' => 3,
            'I' or 'i' or 'f' => 5,
            'D' => 6,
            'l' or 'd' or 'T' => 9,
            'S' or 'x' or 'F' or 'A' when rest.Length >= 5 => 5L + BinaryPrimitives.ReadUInt32BigEndian(rest[1..]),
            _ => long.MaxValue,
        };
        if (size > rest.Length) return CutOff;
        var value = rest[1..(int)size];
        rest = rest[(int)size..];
        return type switch
        {
            'D' when value[0] > MaxDecimalScale =>
                $"is a decimal with a scale of {value[0]} (allowed: {MaxDecimalScale})",
            'F' or 'A' when depth == 0 => $"is nested more than {MaxDepth} levels deep",
            'F' => FindProblem(value[4..], depth - 1),
            'A' => FindProblemOfList(value[4..], depth - 1),
            _ => null,
        };
    }

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
