using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Testing;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>Runs the step without a broker and without waiting.</summary>
public sealed class MyStep1WorkerTests
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly JobHarness _harness = new(
        new MyStep1Worker(NullLogger<MyStep1Worker>.Instance, new FakeTimeProvider()), MyStep1Json.Default);

    [Fact]
    public async Task ProcessAsync_TwoHosts_WritesOneLineForEachAndReturnsTheirNumber()
    {
        var result = await _harness.RunAsync(
            """
            {
              "parameters": { "hosts": ["a.example.com", "b.example.com"], "service": "frobd" },
              "dynamic": { "environment": "dev" }
            }
            """,
            _cancel);

        Assert.Equal(["started", "completed"], result.Statuses);
        Assert.Equal(
            ["Frobbing frobd on a.example.com", "Frobbing frobd on b.example.com", "Done in 0 s"], result.Output);
        Assert.Equal(2, result.Data.GetProperty("hosts").GetInt32());
        Assert.True(result.IsAcknowledged);
    }

    [Fact]
    public async Task ProcessAsync_SubcommandFail_FailsWithReason()
    {
        var result = await _harness.RunAsync(
            """{"parameters":{"subcommand":"Fail"},"dynamic":{"environment":"dev"}}""", _cancel);

        Assert.Equal(["started", "failed"], result.Statuses);
        Assert.Equal("frobd does not want to be frobbed", result.Reason);
    }

    [Theory]
    [InlineData("""{"parameters":{"seconds":-1},"dynamic":{"environment":"dev"}}""", "parameters.seconds")]
    [InlineData("""{"parameters":{"hosts":"a"},"dynamic":{"environment":"dev"}}""", "parameters.hosts")]
    [InlineData("""{"parameters":{}}""", "environment")]
    public async Task RunAsync_InvalidJob_FailsBeforeTheStepRuns(string job, string key)
    {
        var result = await _harness.RunAsync(job, _cancel);

        Assert.Equal(["failed"], result.Statuses);
        Assert.Contains(key, result.Reason, StringComparison.Ordinal);
    }
}
