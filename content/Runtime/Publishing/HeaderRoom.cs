using System.Collections;
using System.Text;

namespace ReWorker.Publishing;

/// <summary>
/// All of a message's headers must fit into one frame. A job may come with as many as just fit; with the runtime's own they
/// would end the connection, at each attempt anew.
/// </summary>
internal static class HeaderRoom
{
    private const string Dropped = "x-reworker-dropped-headers";

    /// <summary>Frames have 128 KiB; the other properties, all of them short strings, need less than the difference.</summary>
    private const int Most = (128 - 8) * 1024;

    /// <summary>A frame has room for tables in tables many thousand deep: who follows them down runs out of stack, and ends the process.</summary>
    private const int MostDeep = 64;

    /// <summary>Drops what is too deep, then the largest of the headers until the rest fits, and says which; those to keep stay.</summary>
    public static void Apply(Dictionary<string, object?> headers, IReadOnlyDictionary<string, object?>? keep)
    {
        var dropped = headers.Where(one => IsDeeper(one.Value, MostDeep)).Select(one => one.Key).ToList();
        foreach (var deep in dropped) headers.Remove(deep);
        var size = headers.Sum(SizeOf);
        foreach (var largest in headers.Where(one => keep?.ContainsKey(one.Key) != true).OrderByDescending(SizeOf).ToList())
        {
            if (size <= Most) break;
            size -= SizeOf(largest);
            headers.Remove(largest.Key);
            dropped.Add(largest.Key);
        }
        if (dropped.Count > 0) headers[Dropped] = string.Join(", ", dropped.Take(10));
    }

    private static bool IsDeeper(object? value, int levels) => value switch
    {
        byte[] or string => false,
        IDictionary<string, object?> table => levels == 0 || table.Values.Any(one => IsDeeper(one, levels - 1)),
        IEnumerable list => levels == 0 || list.Cast<object?>().Any(one => IsDeeper(one, levels - 1)),
        _ => false,
    };

    private static int SizeOf(KeyValuePair<string, object?> header) => 8 + Encoding.UTF8.GetByteCount(header.Key) + SizeOf(header.Value);

    private static int SizeOf(object? value) => value switch
    {
        byte[] bytes => bytes.Length,
        string text => Encoding.UTF8.GetByteCount(text),
        IDictionary<string, object?> table => table.Sum(SizeOf),
        IEnumerable list => list.Cast<object?>().Sum(one => 8 + SizeOf(one)),
        _ => 16,
    };
}
