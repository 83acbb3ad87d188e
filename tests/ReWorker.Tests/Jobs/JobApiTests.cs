using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What a step reads from its job and sends for it.</summary>
public sealed class JobApiTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_Properties_AreThoseOfTheMessage()
    {
        var seen = 0;
        using var bench = new JobBench((job, _) =>
        {
            Assert.Equal(
                ("g", 1, 2, 9), (job.Group, job.Parameters.GetProperty("p").GetInt32(),
                    job.Dynamic["d"].GetInt32(), job.Body.GetProperty("own").GetInt32()));
            Assert.Equal(("job", "replies", 3), (job.CorrelationId, job.ReplyTo, job.Attempt));
            Assert.Equal(
                new DeliveryInfo("tag", 1, true, "re", "worker.frob"), job.Delivery);
            Assert.Equal("job", job.Properties.CorrelationId);
            seen++;
            return Task.FromResult<object?>(null);
        });

        await bench.RunAsync(bench.Deliver(
            """{"group":"g","parameters":{"p":1},"dynamic":{"d":2},"own":9}""", redelivered: true,
            new() { ["x-delivery-count"] = 2L }));

        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task Channel_Harness_HasNone()
    {
        using var bench = JobBench.Idle();
        var job = await RunAsync(bench);

        Assert.Equal(
            "A job in a test harness has no channel.",
            Assert.Throws<InvalidOperationException>(() => job.Channel).Message);
        bench.Bus.Channel = DispatchProxy.Create<IChannel, AnyChannel>();
        Assert.Same(bench.Bus.Channel, job.Channel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_Message_SaysWhetherAQueueTookIt(bool isTaken)
    {
        using var bench = JobBench.Idle();
        bench.Bus.IsUnroutable = message => message.RoutingKey == "topic" && !isTaken;
        var job = bench.Check(Started(bench), out var typed) is null ? typed! : null!;

        Assert.Equal(isTaken, await job.SendAsync("topic", "text", cancel: Cancel));

        var sent = Assert.Single(bench.Bus.Messages);
        Assert.Equal(
            (MessageKind.Sent, "re", "topic", "\"text\"", "job"),
            (sent.Kind, sent.Exchange, sent.RoutingKey, JobBus.TextOf(sent), sent.CorrelationId));
        Assert.DoesNotContain("check re", bench.Bus.Events);
    }

    [Fact]
    public async Task Send_TypeOfTheWorkersContext_IsWrittenAsItsJson()
    {
        var json = new JobJson(ParameterRuleTests.RuleJson.Default);
        using var bench = new JobBench(new SilentWorker(() => null) { Json = json });
        bench.Check(Started(bench), out var job);

        await job!.SendAsync("topic", new ParameterRuleTests.Inner { Name = "n" }, cancel: Cancel);

        Assert.Equal("""{"name":"n"}""", JobBus.TextOf(Assert.Single(bench.Bus.Messages)));
    }

    [Fact]
    public async Task Send_OtherExchangeAndId_UsesThemAndChecksTheExchangeFirst()
    {
        using var bench = JobBench.Idle();
        bench.Check(Started(bench), out var job);

        await job!.SendAsync("topic", 5, "other", "id", Cancel);
        await job.SendAsync("queue", 5, "", cancel: Cancel);

        Assert.Equal(["check other", "Sent", "Sent"], bench.Bus.Events);
        Assert.Equal(
            [("other", "id"), ("", "job")],
            bench.Bus.Messages.Select(message => (message.Exchange, message.CorrelationId)));
    }

    [Fact]
    public async Task Send_WhatIsNotAllowed_Throws()
    {
        using var bench = JobBench.Idle();
        bench.Check(Started(bench), out var job);
        var status = new Dictionary<string, string> { ["status"] = "completed" };
        var long_ = new string('x', 256);

        await Assert.ThrowsAsync<ArgumentNullException>(() => job!.SendAsync("topic", null!, cancel: Cancel));
        await ThrowsAsync(() => job!.SendAsync("replies", status, "", cancel: Cancel), "only the runtime");
        await ThrowsAsync(() => job!.SendAsync(long_, 1, cancel: Cancel), "the routing key has 256 bytes");
        await ThrowsAsync(() => job!.SendAsync("t", 1, long_, cancel: Cancel), "the exchange name has 256");
        await ThrowsAsync(() => job!.SendAsync("t", 1, "re", long_, Cancel), "the correlation id has 256");
        Assert.Empty(bench.Bus.Messages);

        await job!.SendAsync("other.queue", status, "", cancel: Cancel);
        await job.SendAsync("replies", status, cancel: Cancel);
        await job.SendAsync("replies", 1, "", cancel: Cancel);
        Assert.Equal(3, bench.Bus.Messages.Count);

        static async Task ThrowsAsync(Func<Task> send, string text) => Assert.StartsWith(
            text, (await Assert.ThrowsAsync<ArgumentException>(send)).Message, StringComparison.Ordinal);
    }

    /// <summary>The message is on its way: the token ends the wait only.</summary>
    [Fact]
    public async Task Send_Cancelled_EndsTheWait()
    {
        using var bench = JobBench.Idle();
        bench.Bus.HoldsConfirms = true;
        bench.Check(Started(bench), out var job);
        using var stop = new CancellationTokenSource();
        var sending = job!.SendAsync("topic", 1, cancel: stop.Token);
        Assert.False(sending.IsCompleted);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Single(bench.Bus.Messages);
    }

    [Fact]
    public async Task Notify_Unconfirmed_WaitsForTheConfirms()
    {
        using var bench = JobBench.Idle();
        bench.Bus.HoldsConfirms = true;
        bench.Check(bench.Start(bench.Deliver("""{"notify":{"started":{"irc":["#a"]}}}""")), out var job);

        var notifying = job!.NotifyAsync("slug", "long", Phase.Started, cancel: Cancel);

        Assert.False(notifying.IsCompleted);
        bench.Bus.Confirm();
        await notifying.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal(
            """{"slug":"slug","message":"long","phase":"started","target":["#a"]}""",
            JobBus.TextOf(Assert.Single(bench.Bus.Messages)));
    }

    /// <summary>A step may return before its own notification is confirmed.</summary>
    [Fact]
    public async Task Notify_StepReturnsBeforeTheConfirm_IsNotRepeated()
    {
        using var bench = new JobBench((job, cancel) =>
        {
            _ = job.NotifyAsync("own", "long", Phase.Completed, cancel: cancel);
            return Task.FromResult<object?>(null);
        });
        bench.Bus.HoldsConfirms = true;
        var job = bench.Start(bench.Deliver("""{"notify":{"completed":{"irc":["#b"]}}}"""));
        var outcome = await bench.ExecuteAsync(job);

        var ending = bench.EndAsync(job, outcome);
        bench.Bus.Confirm();
        await ending;

        Assert.Equal(["started", "notify.irc", "completed", "Ack"], bench.Bus.Events);
        Assert.Contains("\"own\"", JobBus.TextOf(bench.Bus.Messages[1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_AfterTheEnd_Throws()
    {
        using var bench = JobBench.Idle();
        var job = await RunAsync(bench);
        var events = bench.Bus.Events.Count;

        await Assert.ThrowsAsync<InvalidOperationException>(() => job.SendAsync("topic", 1, cancel: Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => job.AckAsync(Cancel));
        Assert.Throws<InvalidOperationException>(() => job.Output.LogInformation("late"));
        Assert.Equal(events, bench.Bus.Events.Count);
    }

    private static InFlightJob Started(JobBench bench) => bench.Start(bench.Deliver());

    private static async Task<Job> RunAsync(JobBench bench)
    {
        var job = Started(bench);
        bench.Check(job, out var typed);
        await bench.EndAsync(job, await bench.ExecuteAsync(job));
        return typed!;
    }

    /// <summary>A channel that nobody calls.</summary>
    public class AnyChannel : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            throw new NotSupportedException();
    }
}
