using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>JSON is read and written with the owner's context; what the context lacks is named.</summary>
public sealed class JobJsonTests
{
    private static readonly JobJson Json = new(PartJson.Default);

    [Fact]
    public void Serialize_OwnersType_IsCamelCaseAndUnescaped() =>
        Assert.Equal("""{"itsName":"<ü>","count":3}""", Serialize(new Part("<ü>", 3)));

    [Fact]
    public void Serialize_SimpleTypes_NeedsNoContext()
    {
        (object, string)[] values =
        [
            ("text", "\"text\""), (true, "true"), (5, "5"), (5_000_000_000, "5000000000"), (1.5, "1.5"),
            (1.50m, "1.50"), (JsonElement.Parse("[1]"), "[1]"), (JsonValue.Create(5), "5"),
            (new JsonObject { ["a"] = 1 }, """{"a":1}"""), (new JsonArray(1), "[1]"),
            (new[] { "a" }, """["a"]"""), (new List<string> { "a" }, """["a"]"""),
            (new Dictionary<string, string> { ["A"] = "b" }, """{"A":"b"}"""),
            (new Dictionary<string, object> { ["a"] = 1 }, """{"a":1}"""),
        ];

        Assert.All(values, one =>
            Assert.Equal(one.Item2, Encoding.UTF8.GetString(JobJson.Plain.Serialize(one.Item1))));
    }

    [Fact]
    public void Serialize_TypeThatTheContextLacks_SaysWhatToAdd()
    {
        var error = Assert.Throws<InvalidOperationException>(() => JobJson.Plain.Serialize(new Part("x", 1)));

        Assert.Equal(
            $"the JSON context does not contain {typeof(Part)}: add [JsonSerializable(typeof(Part))] to it",
            error.Message);
    }

    [Theory]
    [InlineData("""{"itsName":"a","ITSNAME":"b"}""")]
    [InlineData("""{"itsName":"a","itsName":"b"}""")]
    [InlineData("""{"itsName":null}""")]
    public void StrictInfo_DuplicateKeyOrNull_IsRejected(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, Json.StrictInfo(typeof(Part))));

    [Theory]
    [InlineData("""{"itsName":"a","count":"3"}""")]
    [InlineData("""{"ITSNAME":"a","Count":3,"other":1}""")]
    public void StrictInfo_Other_IsReadAsOnTheWeb(string json) =>
        Assert.Equal(new Part("a", 3), JsonSerializer.Deserialize(json, Json.StrictInfo(typeof(Part))));

    [Fact]
    public void TypeInfo_OfTrustedJson_TakesDuplicatesAndNull()
    {
        const string json = """{"itsName":"a","itsName":null}""";

        Assert.Equal(new Part(null!, 0), JsonSerializer.Deserialize(json, Json.TypeInfo(typeof(Part))));
    }

    [Fact]
    public void StrictInfo_WithAConverter_UsesItAndStaysStrict()
    {
        var info = Json.StrictInfo(typeof(Part), new Shout());

        Assert.Equal(new Part("A!", 0), JsonSerializer.Deserialize("""{"itsName":"a"}""", info));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"count":1,"count":2}""", info));
        var without = Json.StrictInfo(typeof(Part));
        Assert.Equal(new Part("a", 0), JsonSerializer.Deserialize("""{"itsName":"a"}""", without));
    }

    [Fact]
    public void StrictInfo_Twice_SharesItsOptions() =>
        Assert.Same(Json.StrictInfo(typeof(Part)).Options, Json.StrictInfo(typeof(Part)).Options);

    [Fact]
    public void Serialize_SimpleTypeInTheOwnersContext_IsWrittenAsTheOwnerSays() =>
        Assert.Equal("\"a!\"", Encoding.UTF8.GetString(new JobJson(new Shouting()).Serialize("a")));

    [Fact]
    public void Require_AllTypesKnown_IsSilent() => Json.Require([typeof(Part), typeof(string)], "FrobWorker");

    [Theory]
    [InlineData(typeof(JsonNode))]
    [InlineData(typeof(JsonObject))]
    [InlineData(typeof(JsonArray))]
    public void Require_TypeOfAnyJson_NeedsNoContext(Type type) => JobJson.Plain.Require([type], "FrobWorker");

    [Fact]
    public void Require_TypesMissing_NamesThem()
    {
        Type[] types = [typeof(string), typeof(Part), typeof(Uri), typeof(Version)];

        var lacking = Assert.Throws<JsonContextException>(() => Json.Require(types, "FrobWorker"));
        var none = Assert.Throws<JsonContextException>(() => JobJson.Plain.Require(types, "FrobWorker"));

        Assert.Equal(
            "the JSON context PartJson lacks types of FrobWorker; add to it " +
            "[JsonSerializable(typeof(Uri))] [JsonSerializable(typeof(Version))]",
            lacking.Message);
        Assert.Equal(
            "AddWorker<FrobWorker>() was given no JSON context; pass one that has " +
            "[JsonSerializable(typeof(Part))] [JsonSerializable(typeof(Uri))] [JsonSerializable(typeof(Version))]",
            none.Message);
    }

    private static string Serialize(object value) => Encoding.UTF8.GetString(Json.Serialize(value));

    private sealed class Shout : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetString()!.ToUpperInvariant() + "!";

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value + "!");
    }

    private sealed class Shouting : IJsonTypeInfoResolver
    {
        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) =>
            type == typeof(string) ? JsonMetadataServices.CreateValueInfo<string>(options, new Shout()) : null;
    }
}

internal sealed record Part(string ItsName, int Count);

[JsonSerializable(typeof(Part))]
internal sealed partial class PartJson : JsonSerializerContext;
