using System.Text.Json.Nodes;
using ReWorker.Client;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>The step on a real broker.</summary>
[Trait("Category", "Integration")]
public sealed class IntegrationTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private static readonly JsonObject Dev = new() { ["environment"] = "dev" };

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_ThreeHosts_CompletesWithOutputInOrder()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await step.RunAsync(new JsonObject { ["hosts"] = new JsonArray("a", "b", "c"), ["service"] = "frobd" }, Clone(Dev), _cancel);

        Assert.IsType<JobEvent.Started>(heard[0]);
        Assert.Equal(["Frobbing frobd on a", "Frobbing frobd on b", "Frobbing frobd on c", "Done in 0 s"], heard.OfType<JobEvent.Output>().Select(one => one.Line));
        Assert.Equal(3, Assert.IsType<JobEvent.Completed>(heard[^1]).Data.GetProperty("hosts").GetInt32());
    }

    [Fact]
    public async Task Job_SubcommandFail_FailsWithTheReason()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await step.RunAsync(new JsonObject { ["subcommand"] = "Fail" }, Clone(Dev), _cancel);

        Assert.IsType<JobEvent.Started>(heard[0]);
        Assert.Equal("frobd does not want to be frobbed", Assert.IsType<JobEvent.Failed>(heard[^1]).Reason);
    }

    [Fact]
    public async Task Job_WithoutTheDynamicValue_FailsBeforeItStarts()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await step.RunAsync([], null, _cancel);

        Assert.Contains("environment", Assert.IsType<JobEvent.Failed>(Assert.Single(heard)).Reason, StringComparison.Ordinal);
    }

    private static JsonObject Clone(JsonObject one) => (JsonObject)one.DeepClone();
}
