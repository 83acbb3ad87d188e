using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using ReWorker.Testing;
using ReWorker.Tests.Contract;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Harness;

/// <summary>The messages in the harness's result, with address, kind and body; and what the job is told.</summary>
public sealed class HarnessMessageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_AllKinds_ShowsThemInOrderWithTheirAddresses()
    {
        var result = await Harness(async (job, cancel) =>
        {
            job.Output.LogInformation("line");
            await job.NotifyAsync("slug", "text", Phase.Completed, cancel: cancel);
            await job.SendAsync("own", 1, "elsewhere", cancel: cancel);
            return true;
        }).RunAsync("""{"notify":{"completed":{"irc":["#a"]}}}""", Cancel);

        (string, string, HarnessMessageKind, string)[] expected =
        [
            ("", "harness.replies", HarnessMessageKind.Status, """{"status":"started"}"""),
            ("re", "output", HarnessMessageKind.Output, """{"message":"line"}"""),
            (
                "re", "notify.irc", HarnessMessageKind.Notification,
                """{"slug":"slug","message":"text","phase":"completed","target":["#a"]}"""),
            ("elsewhere", "own", HarnessMessageKind.Sent, "1"),
            ("", "harness.replies", HarnessMessageKind.Status, """{"status":"completed","data":true}"""),
        ];
        Assert.Equal(
            expected,
            result.Messages.Select(one => (one.Exchange, one.RoutingKey, one.Kind, one.Body.GetRawText())));
        Assert.Equal(("completed", true, 1), (result.Status, result.Data.GetBoolean(), result.Sent.Count));
        Assert.Equal("notify.irc", Assert.Single(result.Notifications).RoutingKey);
    }

    [Theory]
    [InlineData("not JSON", "\"not JSON\"")]
    [InlineData("5", "5")]
    public async Task RunAsync_ParkedJob_ShowsItsBody(string body, string expected)
    {
        var result = await Harness((_, _) => Task.FromResult<object?>(null)).RunAsync(body, Cancel);

        var parked = Assert.Single(result.Messages, message => message.Kind is HarnessMessageKind.Parked);
        Assert.Equal(("", "worker.frobworker.dead"), (parked.Exchange, parked.RoutingKey));
        Assert.Equal(expected, parked.Body.GetRawText());
        Assert.Equal((true, true, false), (result.IsParked, result.IsAcknowledged, result.IsRequeued));
        Assert.Empty(result.Sent);
    }

    [Fact]
    public async Task RunAsync_NoData_HasNone()
    {
        var result = await Harness((_, _) => Task.FromResult<object?>(null)).RunAsync("{}", Cancel);

        Assert.Equal(JsonValueKind.Undefined, result.Data.ValueKind);
        Assert.Equal("completed", result.Status);
        Assert.Empty(result.Output);
        Assert.Empty(result.Notifications);
    }

    [Fact]
    public void Status_NoReply_IsEmpty()
    {
        var result = new HarnessResult([], false, true);

        Assert.Equal(("", null, JsonValueKind.Undefined), (result.Status, result.Reason, result.Data.ValueKind));
    }

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(1, 2, true)]
    [InlineData(3, 4, true)]
    public async Task RunAsync_PriorAttempts_AreToldToTheJob(int prior, int attempt, bool isRedelivered)
    {
        (int, bool, string, string?, string?)? told = null;
        var harness = new JobHarness(new FrobWorker(new Frob((_, job, _) =>
        {
            var delivery = job.Delivery;
            told = (job.Attempt, delivery.Redelivered, delivery.RoutingKey, job.CorrelationId, job.ReplyTo);
            return Task.FromResult<object?>(null);
        }))) { PriorAttempts = prior };

        var result = await harness.RunAsync("{}", Cancel);

        Assert.Equal((attempt, isRedelivered, "worker.frobworker", "harness", "harness.replies"), told);
        Assert.Equal(["started", "completed"], result.Statuses);
    }

    [Theory]
    [InlineData(0, "completed")]
    [InlineData(1, "failed")]
    public async Task RunAsync_RedeliveryMustFail_FailsAJobWithPriorAttempts(int prior, string status)
    {
        var harness = Harness(options: new WorkerOptions { OnRedelivery = OnRedelivery.Fail }, prior: prior);

        Assert.Equal(status, (await harness.RunAsync("{}", Cancel)).Status);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task RunAsync_TooManyPriorAttempts_ParksTheJob(int prior, bool isParked)
    {
        var harness = Harness(options: new WorkerOptions { MaxAttempts = 2 }, prior: prior);

        Assert.Equal(isParked, (await harness.RunAsync("{}", Cancel)).IsParked);
    }

    [Fact]
    public async Task RunAsync_QueueInTheOptions_IsTheJobsQueue()
    {
        var queue = "";
        var harness = Harness((job, _) =>
        {
            queue = job.Delivery.RoutingKey;
            return Task.FromResult<object?>(null);
        }, new WorkerOptions { Queue = "own" });

        await harness.RunAsync("{}", Cancel);

        Assert.Equal("worker.own", queue);
    }

    [Fact]
    public async Task RunAsync_SeveralJobs_HaveResultsOfTheirOwn()
    {
        var harness = Harness((job, _) => Task.FromResult<object?>(job.Group));

        var first = await harness.RunAsync("""{"group":"a"}""", Cancel);
        var second = await harness.RunAsync("""{"group":"b"}""", Cancel);

        Assert.Equal(("a", 2), (first.Data.GetString(), first.Messages.Count));
        Assert.Equal(("b", 2), (second.Data.GetString(), second.Messages.Count));
    }

    /// <summary>As AddWorker does: a missing type is found before a job has run.</summary>
    [Fact]
    public async Task RunAsync_ContextLacksTheStepsTypes_SaysWhich()
    {
        var error = await Assert.ThrowsAsync<JsonContextException>(
            () => new JobHarness(new CountingWorker(), json: null).RunAsync("{}", Cancel));
        var result = await new JobHarness(new CountingWorker(), CountingJson.Default).RunAsync("{}", Cancel);

        Assert.Contains("CountingWorker", error.Message, StringComparison.Ordinal);
        Assert.Equal("""{"value":7}""", result.Data.GetRawText());
    }

    private static JobHarness Harness(
        Func<Job, CancellationToken, Task<object?>>? code = null, WorkerOptions? options = null, int prior = 0)
    {
        code ??= (_, _) => Task.FromResult<object?>(null);
        return new JobHarness(new FrobWorker(new Frob((_, job, cancel) => code(job, cancel))), options: options)
        {
            PriorAttempts = prior,
        };
    }
}

internal sealed record Count(int Value);

internal sealed class CountingWorker : Worker<Count, Count>
{
    protected internal override Task<Count> ProcessAsync(Job<Count> job, CancellationToken cancel) =>
        Task.FromResult(new Count(7));
}

[JsonSerializable(typeof(Count))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class CountingJson : JsonSerializerContext;
