using System.Text;

namespace ReWorker.Tests.BadInput;

/// <summary>A message body that is not a valid job.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Make">Creates the body on demand, because some bodies are large.</param>
/// <param name="Reason">A part of the reason that the worker gives.</param>
public sealed record BadJob(string Name, Func<byte[]> Make, string Reason)
{
    public static readonly BadJob[] All =
    [
        new("not JSON", () => "{nonsense"u8.ToArray(), "'n' is an invalid start of a property name"),
        new("empty", () => [], "it is empty; allowed: a JSON object or list"),
        new("blank", () => "  \n"u8.ToArray(), "allowed: one JSON value"),
        new(
            "byte order mark", () => [0xEF, 0xBB, 0xBF, .. "{}"u8],
            "it begins with a byte order mark; allowed: plain UTF-8"),
        new("UTF-16", () => Encoding.Unicode.GetBytes("""{"a":"ü"}"""), "it is not UTF-8"),
        new("bad UTF-8", () => [.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8], "it is not UTF-8"),
        new("truncated UTF-8", () => [.. "{\"a\":\"b\"}"u8, 0xF0, 0x9F], "it is not UTF-8"),
        new("trailing data", () => "{} {}"u8.ToArray(), "allowed: one JSON value"),
        new("trailing comma", () => "[1,]"u8.ToArray(), "allowed: one JSON value"),
        new("comment", () => "{}//x"u8.ToArray(), "allowed: one JSON value"),
        new("NaN", () => """{"a":NaN}"""u8.ToArray(), "allowed: one JSON value"),
        new("Infinity", () => """{"a":-Infinity}"""u8.ToArray(), "allowed: one JSON value"),
        new("a number", () => "42"u8.ToArray(), "it is a number; allowed: an object or a list"),
        new("a string", () => "\"{}\""u8.ToArray(), "it is a string; allowed: an object or a list"),
        new("null", () => "null"u8.ToArray(), "it is null; allowed: an object or a list"),
        new("true", () => "true"u8.ToArray(), "it is a boolean; allowed: an object or a list"),
        new("depth 10,000", () => NestedLists(10_000), "at most 64 deep"),
        new("duplicate keys", () => """{"parameters":{"a":1,"a":2}}"""u8.ToArray(), "no key twice"),
        new("duplicate keys, one escaped", () => """{"a":1,"\u0061":2}"""u8.ToArray(), "no key twice"),
        new("a duplicate key of 300 KB", () => DuplicateKey(300_000), "no key twice"),
        new("half a character", () => """{"group":"\ud800"}"""u8.ToArray(), "half of a surrogate pair"),
        new("half a character as a key", () => """{"dynamic":{"\udc00":1}}"""u8.ToArray(), "half of a surrogate pair"),
        new(
            "half a character in a nested value", () => """{"parameters":{"list":[{"x":"a\ud800b"}]}}"""u8.ToArray(),
            "half of a surrogate pair"),
        new("15 MiB", () => LongString(15 * 1024 * 1024), "it has 15728644 bytes; allowed: 4194304"),
        new("a million keys", () => Keys(1_000_000), "bytes; allowed: 4194304"),
    ];

    public override string ToString() => Name;

    private static byte[] NestedLists(int depth) =>
        Encoding.UTF8.GetBytes($"{new string('[', depth)}{new string(']', depth)}");

    private static byte[] DuplicateKey(int length)
    {
        var key = new string('k', length);
        return Encoding.UTF8.GetBytes($$"""{"{{key}}":1,"{{key}}":2}""");
    }

    private static byte[] LongString(int length) => Encoding.UTF8.GetBytes($"[\"{new string('x', length)}\"]");

    private static byte[] Keys(int count) =>
        Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":0"))}}}");
}
