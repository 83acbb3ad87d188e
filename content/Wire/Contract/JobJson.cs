using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ReWorker.Wire.Contract;

/// <summary>Reads and writes the step's types by its own source-generated context, and simple values by the runtime's.</summary>
internal sealed class JobJson(IJsonTypeInfoResolver? ofTheStep)
{
    public static readonly JobJson Plain = new(null);

    private readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ofTheStep, SimpleJson.Default),
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private JsonSerializerOptions? _strict;

    /// <exception cref="InvalidOperationException">The type is in no context.</exception>
    public byte[] Serialize(object value) => JsonSerializer.SerializeToUtf8Bytes(value, TypeInfo(value is JsonNode ? typeof(JsonNode) : value.GetType()));

    /// <exception cref="InvalidOperationException">The type is in no context.</exception>
    public JsonTypeInfo TypeInfo(Type type) => InfoOf(type, _options);

    /// <summary>For what strangers send: a key twice, in whatever case, and a null where the type has none are wrong.</summary>
    /// <param name="type">The type.</param>
    /// <param name="converter">That of a property, if it has one of its own.</param>
    /// <exception cref="InvalidOperationException">The type is in no context.</exception>
    public JsonTypeInfo StrictInfo(Type type, JsonConverter? converter = null)
    {
        var strict = LazyInitializer.EnsureInitialized(ref _strict, () => new(_options) { AllowDuplicateProperties = false, RespectNullableAnnotations = true });
        return InfoOf(type, converter is null ? strict : new(strict) { Converters = { converter } });
    }

    /// <summary>Checks at the start of the process that the step's types can be read and written.</summary>
    /// <exception cref="InvalidOperationException">One is missing; the message says what to add where.</exception>
    public void Require(IEnumerable<Type> types, string worker)
    {
        var missing = types.Where(type => !_options.TryGetTypeInfo(type, out _)).ToList();
        if (missing.Count == 0) return;
        var context = ofTheStep?.GetType().Name;
        var where = context is null ? $"AddWorker<{worker}>() was given no JSON context. Pass one that has" : $"{context} lacks types of {worker}. Add";
        var lines = missing.Select(type => $"[JsonSerializable(typeof({type.Name}))]");
        throw new InvalidOperationException($"{where} {string.Join(" ", lines)}");
    }

    private static JsonTypeInfo InfoOf(Type type, JsonSerializerOptions options) => options.TryGetTypeInfo(type, out var info)
        ? info
        : throw new InvalidOperationException($"{type} is not in the JSON context that was given: add [JsonSerializable(typeof({type.Name}))] to it");
}

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
