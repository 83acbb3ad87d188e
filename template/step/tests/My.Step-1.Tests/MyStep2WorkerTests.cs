using ReWorker.Testing;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>The step by itself: no broker, no waiting.</summary>
public sealed class MyStep2WorkerTests
{
    private readonly JobHarness _harness = new(new MyStep2Worker(), MyStep2Json.Default);

    [Fact]
    public async Task ProcessAsync_TwoHosts_SaysOneLineForEachAndCounts()
    {
        var result = await _harness.RunAsync("""{"parameters":{"hosts":["a.example.com","b.example.com"],"service":"frobd"}}""", TestContext.Current.CancellationToken);

        Assert.Equal(["started", "completed"], result.Statuses);
        Assert.Equal(["Doing frobd on a.example.com", "Doing frobd on b.example.com"], result.Output);
        Assert.Equal(2, result.Data.GetProperty("hosts").GetInt32());
    }

    [Fact]
    public async Task RunAsync_NoService_FailsBeforeTheStepAndNamesIt()
    {
        var result = await _harness.RunAsync("""{"parameters":{}}""", TestContext.Current.CancellationToken);

        Assert.Equal(["failed"], result.Statuses);
        Assert.Contains("parameters.service", result.Reason, StringComparison.Ordinal);
    }
}
