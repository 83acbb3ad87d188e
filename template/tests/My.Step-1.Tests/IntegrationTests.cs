using System.Text.Json.Nodes;
using ReWorker.Client;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>Runs the step on a real broker.</summary>
[Trait("Category", "Integration")]
public sealed class IntegrationTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    private static JsonObject Dev => new() { ["environment"] = "dev" };

    [Fact]
    public async Task Job_ThreeHosts_CompletesWithOutputInOrder()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);
        var parameters = new JsonObject { ["hosts"] = new JsonArray("a", "b", "c"), ["service"] = "frobd" };

        var events = await step.RunAsync(parameters, Dev, _cancel);

        Assert.IsType<JobEvent.Started>(events[0]);
        Assert.Equal(
            ["Frobbing frobd on a", "Frobbing frobd on b", "Frobbing frobd on c", "Done in 0 s"],
            events.OfType<JobEvent.Output>().Select(output => output.Line));
        Assert.Equal(3, Assert.IsType<JobEvent.Completed>(events[^1]).Data.GetProperty("hosts").GetInt32());
    }

    [Fact]
    public async Task Job_SubcommandFail_FailsWithReason()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var events = await step.RunAsync(new JsonObject { ["subcommand"] = "Fail" }, Dev, _cancel);

        Assert.IsType<JobEvent.Started>(events[0]);
        Assert.Equal("frobd does not want to be frobbed", Assert.IsType<JobEvent.Failed>(events[^1]).Reason);
    }

    [Fact]
    public async Task Job_DynamicValueMissing_FailsBeforeTheStepRuns()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var events = await step.RunAsync([], null, _cancel);

        var failed = Assert.IsType<JobEvent.Failed>(Assert.Single(events));
        Assert.Contains("environment", failed.Reason, StringComparison.Ordinal);
    }
}
