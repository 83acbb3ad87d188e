using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ReWorker.Testing;
using Xunit;

namespace ReWorker.Tests.Harness;

/// <summary>One reply lists everything that is missing or invalid in typed parameters, and no secret.</summary>
public sealed partial class ParameterTests
{
    [Fact]
    public async Task Bind_AllParametersInvalid_ListsAllWithWhatIsAllowed()
    {
        var result = await RunAsync(
            """{"parameters":{"hosts":"a","count":"many","isLate":1,"password":["hunter2"],"nothing":null}}""");

        Assert.Equal(["failed"], result.Statuses);
        var reason = result.Reason!;
        Assert.Contains("dynamic values missing: cart; required: cart", reason, StringComparison.Ordinal);
        Assert.Contains("parameters.hosts is \"a\"; allowed: a list", reason, StringComparison.Ordinal);
        Assert.Contains("parameters.count is \"many\"; allowed: a whole number", reason, StringComparison.Ordinal);
        Assert.Contains("parameters.isLate is 1; allowed: true or false", reason, StringComparison.Ordinal);
        Assert.Contains("parameters.name is missing; allowed: a string", reason, StringComparison.Ordinal);
        Assert.Contains(
            "parameters.password is invalid (its value is secret); allowed: a string",
            reason, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bind_OutOfRange_ListsAllParameters()
    {
        var result = await RunAsync(
            """{"parameters":{"name":"x","service":"s","count":11,"apiKey":"hunter2"},"dynamic":{"cart":1}}""");

        Assert.Contains("parameters.count is 11; ", result.Reason, StringComparison.Ordinal);
        Assert.Contains(
            "parameters.apiKey is invalid (its value is secret); ", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bind_WrongTypeMissingAndOutOfRange_ListsAllParameters()
    {
        var result = await RunAsync(
            """{"parameters":{"count":11,"hosts":{"login":{"token":"hunter2"}}},"dynamic":{"cart":1}}""");

        Assert.Contains("parameters.name is missing; allowed: a string", result.Reason, StringComparison.Ordinal);
        Assert.Contains(
            "parameters.count is 11; The field Count must be between 1 and 10.",
            result.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            "parameters.hosts is invalid (its value is secret); allowed: a list",
            result.Reason, StringComparison.Ordinal);
        Assert.Contains(
            "parameters.service is empty; The service field is required.",
            result.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hunter2", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bind_Record_ListsAllParameters()
    {
        var harness = new JobHarness(new RecordWorker(), TypedJson.Default);

        var result = await harness.RunAsync("""{"parameters":{"count":11}}""", Cancel);

        Assert.Contains(
            "parameters.name is missing; allowed: a string", result.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("parameters.count is 11; ", result.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Bind_UnknownKeysAndOtherCase_KeepsAndBindsThem()
    {
        const string parameters =
            """{"NAME":"n","service":"s","count":3,"hosts":["a","b"],"unknown":{"deep":5}}""";

        var result = await RunAsync($$$"""{"parameters":{{{parameters}}},"dynamic":{"cart":"c"}}""");

        Assert.Equal("n 3 a,b 5", result.Data.GetString());
    }

    /// <summary>Enumerations, converters, nested objects, and keys that differ only in case.</summary>
    [Theory]
    [InlineData("""{"speed":"fsat"}""", "parameters.speed is \"fsat\"; allowed: \"Slow\", \"Fast\"")]
    [InlineData("""{"level":"high"}""", "parameters.level is \"high\"; allowed: 0, 1")]
    [InlineData("""{"wait":"10s","speed":"fsat"}""", "parameters.speed is \"fsat\"; allowed: \"Slow\", \"Fast\"")]
    [InlineData("""{"inner":{"name":null}}""", "parameters.inner is {\"name\":null}; allowed: an object")]
    [InlineData("""{"text":"x","Text":null}""", "parameters: ")]
    public async Task Bind_InvalidValuesOfOtherTypes_NamesWhatIsAllowed(string parameters, string reason)
    {
        var harness = new JobHarness(new OtherWorker(), TypedJson.Default);

        var result = await harness.RunAsync($"{{\"parameters\":{parameters}}}", Cancel);

        Assert.Equal("failed", result.Status);
        Assert.StartsWith(reason, result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(";", result.Reason![reason.Length..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bind_ValidValuesOfOtherTypes_BindsThem()
    {
        var harness = new JobHarness(new OtherWorker(), TypedJson.Default);

        var result = await harness.RunAsync(
            """{"parameters":{"speed":"Fast","level":1,"wait":"10s","inner":{"name":"n"},"text":"t"}}""", Cancel);

        Assert.Equal("Fast High 10 n t", result.Data.GetString());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<HarnessResult> RunAsync(string job) =>
        new JobHarness(new TypedWorker(), TypedJson.Default).RunAsync(job, Cancel);

    internal sealed class Typed
    {
        [JsonRequired]
        public string Name { get; set; } = "";

        public IReadOnlyList<string> Hosts { get; set; } = [];

        [Range(1, 10)]
        public int Count { get; set; } = 1;

        [Required]
        public string Service { get; set; } = "";

        public bool IsLate { get; set; }

        public string? Password { get; set; }

        [StringLength(3)]
        public string ApiKey { get; set; } = "";
    }

    internal sealed record Recorded
    {
        public required string Name { get; init; }

        [Range(1, 10)]
        public int Count { get; init; } = 1;
    }

    internal enum Speed
    {
        Slow,
        Fast,
    }

    internal enum Level
    {
        Low,
        High,
    }

    internal sealed class Inner
    {
        public string Name { get; set; } = "";
    }

    internal sealed class Other
    {
        [JsonConverter(typeof(JsonStringEnumConverter<Speed>))]
        public Speed Speed { get; set; }

        public Level Level { get; set; }

        [JsonConverter(typeof(SecondsConverter))]
        public int Wait { get; set; }

        public Inner Inner { get; set; } = new();

        public string Text { get; set; } = "";
    }

    internal sealed class SecondsConverter : JsonConverter<int>
    {
        public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            int.Parse(reader.GetString()!.TrimEnd('s'), CultureInfo.InvariantCulture);

        public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) =>
            writer.WriteStringValue($"{value}s");
    }

    private sealed class OtherWorker : Worker<Other>
    {
        protected internal override Task<object?> ProcessAsync(Job<Other> job, CancellationToken cancel)
        {
            var given = job.Parameters;
            return Task.FromResult<object?>(
                $"{given.Speed} {given.Level} {given.Wait} {given.Inner.Name} {given.Text}");
        }
    }

    private sealed class RecordWorker : Worker<Recorded>
    {
        protected internal override Task<object?> ProcessAsync(Job<Recorded> job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }

    [JsonSerializable(typeof(Typed))]
    [JsonSerializable(typeof(Recorded))]
    [JsonSerializable(typeof(Other))]
    internal sealed partial class TypedJson : JsonSerializerContext;

    private sealed class TypedWorker : Worker<Typed>
    {
        protected internal override IReadOnlyList<string> Dynamic => ["cart"];

        protected internal override Task<object?> ProcessAsync(Job<Typed> job, CancellationToken cancel)
        {
            var given = job.Parameters;
            var unknown = ((Job)job).Parameters.GetProperty("unknown").GetProperty("deep");
            return Task.FromResult<object?>($"{given.Name} {given.Count} {string.Join(',', given.Hosts)} {unknown}");
        }
    }
}
