using System.Diagnostics;
using System.Text.Json;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What the binder makes of each kind of parameter, and what its errors show and hide.</summary>
public sealed partial class ParameterRuleTests
{
    private static readonly JobJson Json = new(RuleJson.Default);

    [Theory]
    [InlineData("text", "a string")]
    [InlineData("flag", "true or false")]
    [InlineData("tiny", "a whole number")]
    [InlineData("small", "a whole number")]
    [InlineData("number", "a whole number")]
    [InlineData("large", "a whole number")]
    [InlineData("maybe", "a whole number")]
    [InlineData("single", "a number")]
    [InlineData("money", "a number")]
    [InlineData("list", "a list")]
    [InlineData("map", "a list")]
    [InlineData("inner", "an object")]
    [InlineData("color", "\"Red\", \"Green\"")]
    [InlineData("maybeColor", "\"Red\", \"Green\"")]
    [InlineData("level", "0, 7")]
    public void Bind_WrongType_SaysWhatIsAllowed(string name, string allowed)
    {
        // a list of an object fits none of them
        var error = Assert.Single(Errors<Kinds>($$"""{"{{name}}":[{}]}"""));

        Assert.Equal($"parameters.{name} is [{{}}]; allowed: {allowed}", error.ReplyText);
        Assert.Equal($"parameters.{name} is invalid; allowed: {allowed}", error.LogText);
    }

    [Fact]
    public void Bind_AllValid_BindsThemWithoutRegardToCase()
    {
        var bound = Bound<Kinds>("""{"TEXT":"t","number":5,"maybe":null,"color":"Green","map":{"a":1},"list":["x"]}""");

        Assert.Equal(
            ("t", 5, null, Color.Green, 1, "x"),
            (bound.Text, bound.Number, bound.Maybe, bound.Color, bound.Map["a"], bound.List[0]));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public void Bind_NoParameters_TakesTheDefaults(string json)
    {
        var errors = new List<JobError>();
        var given = json.Length == 0 ? default : JsonElement.Parse(json);

        Assert.Equal("default", ParameterBinder.Bind<Kinds>(given, Json, errors)?.Text);
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("{}", "parameters.name is missing; allowed: a string")]
    [InlineData("""{"name":null}""", "parameters.name is null; allowed: a string")]
    [InlineData("""{"NAME":null}""", "parameters.name is null; allowed: a string")]
    [InlineData("""{"name":"n","count":null}""", "parameters.count is null; allowed: a whole number")]
    [InlineData("""{"name":"n","note":null}""", "")]
    public void Bind_MissingOrNull_IsNamedUnlessItMayBe(string json, string expected) =>
        Assert.Equal(expected, string.Join("; ", Errors<Needed>(json).Select(error => error.ReplyText)));

    /// <summary>The error shows the value to the requester, and the log only the name: it may be a secret.</summary>
    [Fact]
    public void Bind_RuleBroken_HidesTheValueFromTheLog()
    {
        var error = Assert.Single(Errors<Ruled>("""{"count":11}"""));

        Assert.Equal(
            ("parameters.count is 11; at most 10", "parameters.count is invalid; at most 10"),
            (error.ReplyText, error.LogText));
        Assert.False(error.Park);
    }

    [Theory]
    [InlineData(10, "")]
    [InlineData(-1, "parameters.count is -1; at least 0")]
    public void Bind_Rules_AreChecked(int count, string expected) => Assert.Equal(
        expected, string.Join("; ", Errors<Ruled>($$"""{"count":{{count}}}""").Select(error => error.ReplyText)));

    [Fact]
    public void Bind_SeveralRulesBroken_ListsAll()
    {
        var errors = Errors<Ruled>("""{"count":99,"size":-5,"first":"a","second":"b"}""");

        Assert.Equal(
            [
                "parameters.count is 99; at most 10", "parameters.size is -5; size is negative",
                "parameters.size is -5; size is too small", "parameters.second is b; not the same",
            ],
            errors.Select(error => error.ReplyText));
    }

    /// <summary>Rules see the parameters that could be read, even if another could not.</summary>
    [Theory]
    [InlineData("a", "")]
    [InlineData("b", "parameters.second is b; not the same")]
    public void Bind_AnotherParameterInvalid_ChecksTheRulesOfTheRest(string second, string expected)
    {
        var errors = Errors<Ruled>($$"""{"first":"a","second":"{{second}}","flag":7}""");

        string[] all = ["parameters.flag is 7; allowed: true or false", expected];
        Assert.Equal(
            all.Where(text => text.Length > 0).Order(), errors.Select(error => error.ReplyText).Order());
    }

    /// <summary>A type that can only be created whole: rules that look at the whole wait for it.</summary>
    [Fact]
    public void Bind_TypeThatNeedsAllItsParameters_ChecksWhatItCan()
    {
        var errors = Errors<Whole>("""{"count":11,"second":"b"}""");

        Assert.Equal(
            ["parameters.first is missing; allowed: a string", "parameters.count is 11; at most 10"],
            errors.Select(error => error.ReplyText));
        Assert.Equal(
            "parameters.first is missing; allowed: a string", Assert.Single(Errors<Whole>("{}")).ReplyText);
        Assert.Equal(
            "parameters.first is long; at most 3",
            Assert.Single(Errors<Whole>("""{"first":"long","second":"long"}""")).ReplyText);
        Assert.Equal(
            "parameters.second is b; not the same",
            Assert.Single(Errors<Whole>("""{"first":"a","second":"b"}""")).ReplyText);
    }

    [Fact]
    public void Bind_KeyTwice_SaysSoForTheWhole()
    {
        var error = Assert.Single(Errors<Kinds>("""{"text":"a","TEXT":"b"}"""));

        Assert.StartsWith("parameters: Duplicate property", error.ReplyText, StringComparison.Ordinal);
    }

    /// <summary>Of two keys that differ in case, the exact one counts.</summary>
    [Fact]
    public void Bind_ExactKeyInvalid_NamesItsValue() => Assert.Equal(
        "parameters.number is \"x\"; allowed: a whole number",
        Assert.Single(Errors<Kinds>("""{"NUMBER":1,"number":"x"}""")).ReplyText);

    [Theory]
    [InlineData("{}", 3)]
    [InlineData("""{"size":5}""", 5)]
    public void Bind_Default_IsKept(string json, int size) => Assert.Equal(size, Bound<Ruled>(json).Size);

    /// <summary>A default that breaks a rule means that the parameter must be given.</summary>
    [Fact]
    public void Bind_DefaultBreaksARule_IsNamedEvenBesideAnotherError()
    {
        string[] expected = ["parameters.name is empty; a name is needed"];

        Assert.Equal(expected, Errors<Empty>("{}").Select(error => error.ReplyText));
        Assert.Equal(
            ["parameters.host is null; a host is needed"],
            Errors<Empty>("""{"name":"n","host":null}""").Select(error => error.ReplyText));
        Assert.Equal(
            [.. expected, "parameters.flag is 7; allowed: true or false"],
            Errors<Empty>("""{"flag":7}""").Select(error => error.ReplyText));
    }

    [Fact]
    public void JsonTypes_TypedWorkers_NameTheirTypes()
    {
        Assert.Equal([typeof(Kinds)], new AnyResultWorker().JsonTypes);
        Assert.Equal([typeof(Kinds), typeof(Inner)], new TypedWorker().JsonTypes);
    }

    [Fact]
    public async Task Worker_TypedResult_IsInTheReply()
    {
        using var bench = new JobBench(new TypedWorker { Json = Json });

        await bench.RunAsync(bench.Deliver("""{"parameters":{"text":"t"}}"""));
        await bench.RunAsync(bench.Deliver("""{"parameters":{"number":"x"}}""", id: "bad"));

        Assert.Equal("""{"status":"completed","data":{"name":"t"}}""", bench.Bus.Replies[1]);
        Assert.Equal(
            """{"status":"failed","data":"parameters.number is \"x\"; allowed: a whole number"}""",
            bench.Bus.Replies[2]);
        Assert.Contains("parameters.number is invalid; allowed: a whole number", bench.Logged(11)[0].Text,
            StringComparison.Ordinal);
    }

    /// <summary>Values may be secret whatever their names are: neither the log nor a trace shows them.</summary>
    [Fact]
    public async Task Trace_InvalidParameter_HidesItsValue()
    {
        var trace = ActivityTraceId.CreateRandom();
        var statuses = new List<string?>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == trace
                ? ActivitySamplingResult.AllData
                : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace) statuses.Add(span.StatusDescription);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var bench = new JobBench(new TypedWorker { Json = Json });

        await bench.RunAsync(bench.Deliver(
            """{"parameters":{"number":"x"}}""",
            headers: new() { ["traceparent"] = $"00-{trace}-b7ad6b7169203331-01" }));

        Assert.Equal(["parameters.number is invalid; allowed: a whole number"], statuses);
    }

    private static T Bound<T>(string json)
        where T : class
    {
        var errors = new List<JobError>();
        var bound = ParameterBinder.Bind<T>(JsonElement.Parse(json), Json, errors);
        Assert.Empty(errors);
        return bound!;
    }

    private static List<JobError> Errors<T>(string json)
        where T : class
    {
        var errors = new List<JobError>();
        var bound = ParameterBinder.Bind<T>(JsonElement.Parse(json), Json, errors);
        Assert.Equal(errors.Count > 0, bound is null);
        return errors;
    }

    private sealed class AnyResultWorker : Worker<Kinds>
    {
        protected internal override Task<object?> ProcessAsync(Job<Kinds> job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }

    private sealed class TypedWorker : Worker<Kinds, Inner>
    {
        protected internal override Task<Inner> ProcessAsync(Job<Kinds> job, CancellationToken cancel) =>
            Task.FromResult(new Inner { Name = cancel.CanBeCanceled ? job.Parameters.Text : "no token" });
    }
}
