using ReWorker.Testing;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>Runs the step without a broker.</summary>
public sealed class MyStep2WorkerTests
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly JobHarness _harness = new(new MyStep2Worker(), MyStep2Json.Default);

    [Fact]
    public async Task ProcessAsync_TwoHosts_WritesOneLineForEachAndReturnsTheirNumber()
    {
        var result = await _harness.RunAsync(
            """{"parameters":{"hosts":["a.example.com","b.example.com"],"service":"frobd"}}""", _cancel);

        Assert.Equal(["started", "completed"], result.Statuses);
        Assert.Equal(["Processing frobd on a.example.com", "Processing frobd on b.example.com"], result.Output);
        Assert.Equal(2, result.Data.GetProperty("hosts").GetInt32());
    }

    [Fact]
    public async Task RunAsync_NoService_FailsBeforeTheStepRuns()
    {
        var result = await _harness.RunAsync("""{"parameters":{}}""", _cancel);

        Assert.Equal(["failed"], result.Statuses);
        Assert.Contains("parameters.service", result.Reason, StringComparison.Ordinal);
    }
}
