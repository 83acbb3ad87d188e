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

    /// <summary>Drops the largest of the headers, and says which, until the rest fits; those to keep stay.</summary>
    public static void MakeIn(Dictionary<string, object?> headers, IReadOnlyDictionary<string, object?>? keep)
    {
        var size = headers.Sum(SizeOf);
        if (size <= Most) return;
        var dropped = new List<string>();
        foreach (var largest in headers.Where(one => keep?.ContainsKey(one.Key) != true).OrderByDescending(SizeOf).ToList())
        {
            if (size <= Most) break;
            size -= SizeOf(largest);
            headers.Remove(largest.Key);
            if (dropped.Count < 10) dropped.Add(largest.Key);
        }
        headers[Dropped] = string.Join(", ", dropped);
    }

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
