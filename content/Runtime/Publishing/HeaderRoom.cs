using System.Collections;
using System.Text;

namespace ReWorker.Publishing;

/// <summary>
/// Makes the headers of a copied job fit into one frame. A job may come with as many as just fit; with the runtime's
/// own added, they would close the connection at every attempt.
/// </summary>
internal static class HeaderRoom
{
    // frames have 128 KiB; the other properties are short strings and need less than the difference
    private const int MaxBytes = (128 - 8) * 1024;
    // a frame has room for thousands of nested tables, and following them would overflow the stack
    private const int MaxDepth = 64;
    private const int MaxNamesListed = 10;

    /// <summary>
    /// Drops headers that are nested too deeply, then the largest ones, except those required, until the rest fits.
    /// Lists what was dropped.
    /// </summary>
    public static void Apply(IDictionary<string, object?> headers, IReadOnlyDictionary<string, object?> required)
    {
        var dropped = headers.Where(header => IsDeeper(header.Value, MaxDepth)).Select(header => header.Key).ToList();
        foreach (var name in dropped) headers.Remove(name);
        var size = headers.Sum(SizeOf);
        var optional = headers.Where(header => !required.ContainsKey(header.Key)).OrderByDescending(SizeOf).ToList();
        foreach (var largest in optional.TakeWhile(_ => size > MaxBytes))
        {
            size -= SizeOf(largest);
            headers.Remove(largest.Key);
            dropped.Add(largest.Key);
        }
        if (dropped.Count > 0) headers[HeaderNames.DroppedHeaders] = string.Join(", ", dropped.Take(MaxNamesListed));
    }

    private static bool IsDeeper(object? value, int levels) => value switch
    {
        byte[] or string => false,
        IDictionary<string, object?> table => levels == 0 || table.Values.Any(item => IsDeeper(item, levels - 1)),
        IEnumerable list => levels == 0 || list.Cast<object?>().Any(item => IsDeeper(item, levels - 1)),
        _ => false,
    };

    private static int SizeOf(KeyValuePair<string, object?> header) =>
        8 + Encoding.UTF8.GetByteCount(header.Key) + SizeOf(header.Value);

    private static int SizeOf(object? value) => value switch
    {
        byte[] bytes => bytes.Length,
        string text => Encoding.UTF8.GetByteCount(text),
        IDictionary<string, object?> table => table.Sum(SizeOf),
        IEnumerable list => list.Cast<object?>().Sum(item => 8 + SizeOf(item)),
        _ => 16,
    };
}
