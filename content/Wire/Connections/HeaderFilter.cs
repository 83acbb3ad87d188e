using System.Buffers.Binary;
using System.Text;
using ReWorker.Wire.Contract;

namespace ReWorker.Wire.Connections;

/// <summary>
/// Finds message headers that RabbitMQ.Client cannot decode. The client decodes headers before any handler runs: a
/// decimal with a large scale or a value of unknown type makes it close the connection, and deep nesting overflows its
/// stack. Such headers are removed and named in <see cref="HeaderNames.Unreadable"/>.
/// </summary>
internal static class HeaderFilter
{
    public const int MaxDepth = 64, MaxDecimalScale = 28;

    private const int FrameHeader = 7, Prefix = 14, MaxReason = 500;
    private const ushort ContentType = 0x8000, ContentEncoding = 0x4000, Headers = 0x2000;

    /// <summary>Checks a content header frame. Null if the client can read it, else a frame to use instead.</summary>
    public static byte[]? Replace(ReadOnlySpan<byte> frame)
    {
        var payload = frame[FrameHeader..^1];
        if (payload.Length < Prefix) return null;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(payload[12..]);
        if ((flags & Headers) == 0) return null;
        var start = Prefix;
        foreach (var flag in (ReadOnlySpan<ushort>)[ContentType, ContentEncoding])
            if ((flags & flag) != 0 && start < payload.Length) start += 1 + payload[start];
        if (payload.Length < start + 4) return null;
        var length = BinaryPrimitives.ReadUInt32BigEndian(payload[start..]);
        if (length > payload.Length - start - 4) return null;
        var table = payload.Slice(start + 4, (int)length);
        if (FindProblem(table, MaxDepth) is null) return null;

        var cleaned = Clean(table);
        var replacement = new byte[frame.Length - table.Length + cleaned.Length];
        var rest = FrameHeader + start + 4 + table.Length;
        frame[..(FrameHeader + start)].CopyTo(replacement);
        BinaryPrimitives.WriteUInt32BigEndian(replacement.AsSpan(3), (uint)(replacement.Length - FrameHeader - 1));
        BinaryPrimitives.WriteUInt32BigEndian(replacement.AsSpan(FrameHeader + start), (uint)cleaned.Length);
        cleaned.CopyTo(replacement, FrameHeader + start + 4);
        frame[rest..].CopyTo(replacement.AsSpan(rest - table.Length + cleaned.Length));
        return replacement;
    }

    // keeps the headers that can be read; after a value whose length is unknown, the rest is lost
    private static byte[] Clean(ReadOnlySpan<byte> table)
    {
        var kept = new MemoryStream();
        var problems = new List<string>();
        for (var size = 0; !table.IsEmpty; table = table[size..])
        {
            size = SizeOfEntry(table);
            var entry = size < 0 ? table : table[..size];
            if (FindProblem(entry, MaxDepth) is not { } problem)
            {
                kept.Write(entry);
                continue;
            }
            var name = entry.Slice(1, Math.Min(entry[0], entry.Length - 1));
            problems.Add($"'{Encoding.UTF8.GetString(name)}' {problem}");
            if (size < 0) break;
        }
        var reason = string.Join(", ", problems);
        var text = Encoding.UTF8.GetBytes(reason.Length <= MaxReason ? reason : $"{reason[..MaxReason]}…");
        var marker = Encoding.ASCII.GetBytes(HeaderNames.Unreadable);
        kept.Write([(byte)marker.Length, .. marker, (byte)'S']);
        kept.Write([(byte)(text.Length >> 24), (byte)(text.Length >> 16), (byte)(text.Length >> 8), (byte)text.Length]);
        kept.Write(text);
        return kept.ToArray();
    }

    private static string? FindProblem(ReadOnlySpan<byte> table, int depth)
    {
        for (var size = 0; !table.IsEmpty; table = table[size..])
        {
            size = SizeOfEntry(table);
            if (size < 0) return "is cut off or has an unknown type";
            if (FindProblemOfValue(table[(1 + table[0])..size], depth) is { } problem) return problem;
        }
        return null;
    }

    private static string? FindProblemOfValue(ReadOnlySpan<byte> value, int depth) => (char)value[0] switch
    {
        'D' when value[1] > MaxDecimalScale =>
            $"is a decimal with a scale of {value[1]} (allowed: {MaxDecimalScale})",
        'F' or 'A' when depth == 0 => $"is nested more than {MaxDepth} levels deep",
        'F' => FindProblem(value[5..], depth - 1),
        'A' => FindProblemOfList(value[5..], depth - 1),
        _ => null,
    };

    private static string? FindProblemOfList(ReadOnlySpan<byte> list, int depth)
    {
        for (var size = 0; !list.IsEmpty; list = list[size..])
        {
            size = SizeOfValue(list);
            if (size < 0) return "is cut off or has an unknown type";
            if (FindProblemOfValue(list[..size], depth) is { } problem) return problem;
        }
        return null;
    }

    // negative if it is cut off or its type is unknown
    private static int SizeOfEntry(ReadOnlySpan<byte> table)
    {
        var name = 1 + table[0];
        return name < table.Length && SizeOfValue(table[name..]) is >= 0 and var value ? name + value : -1;
    }

    private static int SizeOfValue(ReadOnlySpan<byte> value)
    {
        var size = (char)value[0] switch
        {
            'V' => 1,
            't' or 'b' or 'B' => 2,
            's' or 'u' => 3,
            'I' or 'i' or 'f' => 5,
            'D' => 6,
            'l' or 'd' or 'T' => 9,
            'S' or 'x' or 'F' or 'A' when value.Length >= 5 => 5L + BinaryPrimitives.ReadUInt32BigEndian(value[1..]),
            _ => long.MaxValue,
        };
        return size <= value.Length ? (int)size : -1;
    }
}
