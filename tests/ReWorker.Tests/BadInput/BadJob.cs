using System.Text;

namespace ReWorker.Tests.BadInput;

/// <summary>A body that no job may have.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Make">Its bytes, made when they are needed: some are large.</param>
/// <param name="Says">What the reason contains.</param>
public sealed record BadJob(string Name, Func<byte[]> Make, string Says)
{
    public static readonly BadJob[] All =
    [
        new("not JSON", () => "{nonsense"u8.ToArray(), "'n' is an invalid start of a property name"),
        new("empty", () => [], "it is empty; allowed: a JSON object or list"),
        new("blank", () => "  \n"u8.ToArray(), "allowed: one JSON value"),
        new("byte order mark", () => [0xEF, 0xBB, 0xBF, .. "{}"u8], "it begins with a byte order mark; allowed: plain UTF-8"),
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
        new("depth 10,000", () => Encoding.UTF8.GetBytes($"{new string('[', 10_000)}{new string(']', 10_000)}"), "at most 64 deep"),
        new("duplicate keys", () => """{"parameters":{"a":1,"a":2}}"""u8.ToArray(), "no key twice"),
        new("duplicate keys, one escaped", () => """{"a":1,"\u0061":2}"""u8.ToArray(), "no key twice"),
        new("a duplicate key of 300 KB", () => Encoding.UTF8.GetBytes($$"""{"{{new string('k', 300_000)}}":1,"{{new string('k', 300_000)}}":2}"""), "no key twice"),
        new("half a character", () => """{"group":"\ud800"}"""u8.ToArray(), "half of a surrogate pair"),
        new("half a character as a key", () => """{"dynamic":{"\udc00":1}}"""u8.ToArray(), "half of a surrogate pair"),
        new("half a character deep inside", () => """{"parameters":{"list":[{"x":"a\ud800b"}]}}"""u8.ToArray(), "half of a surrogate pair"),
        new("15 MiB", () => Encoding.UTF8.GetBytes($"[\"{new string('x', 15 * 1024 * 1024)}\"]"), "it has 15728644 bytes; allowed: 4194304"),
        new("a million keys", () => Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, 1_000_000).Select(i => $"\"{i}\":0"))}}}"), "bytes; allowed: 4194304"),
    ];

    public override string ToString() => Name;
}
