using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ReWorker;
using ReWorker.Testing;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using Xunit;

namespace ReWorker.Tests.Harness;

/// <summary>The harness shows everything that a broker would see.</summary>
public sealed class HarnessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_StepCompletes_ShowsStatusesDataOutputAndSettlement()
    {
        var result = await Harness(job =>
        {
            job.Output.LogInformation("one");
            job.Output.LogInformation("two");
            return 7;
        }).RunAsync("{}", Cancel);

        Assert.Equal(["started", "completed"], result.Statuses);
        Assert.Equal(["one", "two"], result.Output);
        Assert.Equal(7, result.Data.GetInt32());
        Assert.Equal((true, false, false), (result.IsAcknowledged, result.IsRequeued, result.IsParked));
        Assert.Null(result.Reason);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("\"text\"")]
    [InlineData("{\"a\":[1]}")]
    public async Task RunAsync_StepReturnsJsonNode_ShowsItsJson(string json)
    {
        var result = await Harness(_ => System.Text.Json.Nodes.JsonNode.Parse(json)).RunAsync("{}", Cancel);

        Assert.Equal(("completed", json), (result.Status, result.Data.GetRawText()));
    }

    [Fact]
    public async Task RunAsync_StepThrows_ShowsTheReason()
    {
        var result = await Harness(_ => throw new FormatException("no")).RunAsync("{}", Cancel);

        Assert.Equal(("failed", "no", true), (result.Status, result.Reason, result.IsAcknowledged));
    }

    [Fact]
    public async Task RunAsync_InvalidBody_ParksTheJob()
    {
        var result = await Harness(_ => null).RunAsync("{", Cancel);

        Assert.Equal(["failed"], result.Statuses);
        Assert.True(result.IsParked);
    }

    [Fact]
    public async Task RunAsync_Cancelled_RequeuesTheJob()
    {
        using var stop = new CancellationTokenSource();

        var result = await new JobHarness(new FrobWorker(new Frob(async (_, _, cancel) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }))).RunAsync("{}", stop.Token);

        Assert.Equal(["started"], result.Statuses);
        Assert.Equal((true, false), (result.IsRequeued, result.IsAcknowledged));
    }

    [Fact]
    public async Task RunAsync_TimeLimitExceeded_UsesTheGivenClock()
    {
        var time = new FakeTimeProvider();
        var harness = new JobHarness(
            new FrobWorker(new Frob((_, _, cancel) =>
            {
                time.Advance(TimeSpan.FromMinutes(2));
                return Task.Delay(Timeout.Infinite, cancel).ContinueWith(
                    _ => (object?)null, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            })), options: new WorkerOptions { TimeLimit = TimeSpan.FromMinutes(1) }, time: time);

        var result = await harness.RunAsync("{}", Cancel);

        Assert.Equal("timed out after 00:01:00", result.Reason);
    }

    [Fact]
    public async Task RunAsync_CancellationCallbackThrows_FailsTheJobAndNotTheProcess()
    {
        var time = new FakeTimeProvider();
        var harness = new JobHarness(
            new FrobWorker(new Frob(async (_, _, cancel) =>
            {
                cancel.Register(() => throw new InvalidOperationException("no"));
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
                return null;
            })), options: new WorkerOptions { TimeLimit = TimeSpan.FromSeconds(5) }, time: time);

        var result = await time.RunUntilAsync(harness.RunAsync("{}", Cancel));

        Assert.Equal("timed out after 00:00:05", result.Reason);
    }

    [Fact]
    public async Task RunAsync_NotificationsAndOtherMessages_ListsThemSeparately()
    {
        var result = await new JobHarness(new FrobWorker(new Frob(async (_, job, cancel) =>
        {
            await job.NotifyAsync("s", "m", Phase.Completed, cancel: cancel);
            await job.SendAsync("other.topic", "text", cancel: cancel);
            return null;
        }))).RunAsync("""{"notify":{"completed":{"irc":["#a"]},"started":{"email":["x"]}}}""", Cancel);

        Assert.Equal(["notify.email", "notify.irc"], result.Notifications.Select(one => one.RoutingKey));
        Assert.Equal("\"text\"", result.Sent.Single().Body.GetRawText());
    }

    [Fact]
    public async Task RunAsync_ConfigAndPriorAttempts_PassesThemToTheStep()
    {
        var worker = new FrobWorker(new Frob((self, job, _) =>
            Task.FromResult<object?>($"{self.Settings["key"]} {job.Attempt}")));
        var harness = new JobHarness(worker)
        {
            Config = new ConfigurationBuilder().AddInMemoryCollection([new("key", "value")]).Build(),
            PriorAttempts = 2,
        };

        var result = await harness.RunAsync("{}", Cancel);

        Assert.Equal("value 3", result.Data.GetString());
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("requeue")]
    [InlineData("discard")]
    public async Task RunAsync_StepSettlesEarly_ShowsTheSettlement(string how)
    {
        var result = await new JobHarness(new FrobWorker(new Frob(async (_, job, cancel) =>
        {
            if (how == "ack") await job.AckAsync(cancel);
            else await job.RejectAsync(how == "requeue", cancel);
            return null;
        }))).RunAsync("{}", Cancel);

        Assert.Equal(
            (how != "requeue", how == "requeue", how == "discard"),
            (result.IsAcknowledged, result.IsRequeued, result.IsParked));
        Assert.Equal(how == "requeue" ? ["started"] : ["started", "completed"], result.Statuses);
    }

    private static JobHarness Harness(Func<Job, object?> code) =>
        new(new FrobWorker(new Frob((_, job, _) => Task.FromResult(code(job)))));
}
