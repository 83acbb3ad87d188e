using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ReWorker;

/// <summary>Reads and writes JSON with the owner's source-generated context and one for simple types.</summary>
internal sealed class JobJson(IJsonTypeInfoResolver? resolver)
{
    public static readonly JobJson Plain = new(null);
    private readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(resolver, SimpleJson.Default),
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private JsonSerializerOptions? _strict;

    public byte[] Serialize(object value) =>
        JsonSerializer.SerializeToUtf8Bytes(value, TypeInfo(value is JsonNode ? typeof(JsonNode) : value.GetType()));

    public JsonTypeInfo TypeInfo(Type type) => TypeInfo(type, _options);

    /// <summary>For untrusted JSON: rejects duplicate keys, and null for a property that can't be null.</summary>
    /// <param name="converter">A property's own converter, if it has one.</param>
    public JsonTypeInfo StrictInfo(Type type, JsonConverter? converter = null)
    {
        var strict = LazyInitializer.EnsureInitialized(ref _strict, () => new(_options)
        {
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
        });
        return TypeInfo(type, converter is null ? strict : new(strict) { Converters = { converter } });
    }

    /// <summary>Checks, when the process starts, that the worker's types can be read and written.</summary>
    /// <exception cref="JsonContextException">A type is missing.</exception>
    public void Require(IEnumerable<Type> types, string worker)
    {
        var missing = types.Where(type => !_options.TryGetTypeInfo(type, out _)).ToList();
        if (missing.Count == 0) return;
        var problem = resolver is null
            ? $"AddWorker<{worker}>() was given no JSON context; pass one that has"
            : $"the JSON context {resolver.GetType().Name} lacks types of {worker}; add to it";
        var lines = missing.Select(type => $"[JsonSerializable(typeof({type.Name}))]");
        throw new JsonContextException($"{problem} {string.Join(" ", lines)}");
    }

    private static JsonTypeInfo TypeInfo(Type type, JsonSerializerOptions options) =>
        options.TryGetTypeInfo(type, out var info)
            ? info
            : throw new InvalidOperationException(
                $"the JSON context does not contain {type}: add [JsonSerializable(typeof({type.Name}))] to it");
}

/// <summary>The worker's JSON context lacks a type. The message says what to add.</summary>
internal sealed class JsonContextException(string message) : Exception(message);

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(decimal))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonArray))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, object>))]
internal sealed partial class SimpleJson : JsonSerializerContext;
