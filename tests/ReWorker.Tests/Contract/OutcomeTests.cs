using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using My.Step_1.Tests;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>How a job ends: its replies, and whether its message is acknowledged, requeued or parked.</summary>
public sealed class OutcomeTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly (string, string) ShortTimeLimit = ("Worker:TimeLimit", "00:00:00.3");

    [Fact, Contract("Job's end / completes")]
    public async Task Job_Succeeds_IsCompletedAndAcked()
    {
        await using var worker = await StartAsync(job => job.Parameters);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(messages, id);
        Assert.Equal("completed", messages[^1].Status);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / throws")]
    public async Task Job_Throws_FailsWithTheReasonAndIsAcked()
    {
        await using var worker = await StartAsync(_ => throw new FormatException("no such host"));
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(messages, id);
        Assert.Equal(("failed", "no such host"), (messages[^1].Status, messages[^1].Data.GetString()));
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / missing or invalid values")]
    public async Task Job_LacksDynamicValues_FailsNamingAllOfThemAndIsAcked()
    {
        var ran = false;
        await using var worker = await RunningWorker.StartAsync(Bus, new Frob((_, _, _) =>
        {
            ran = true;
            return Nothing;
        }, "environment", "cart", "tag"), Cancel);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, """{"dynamic":{"cart":"c"}}""");
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(messages, id, started: false);
        Assert.Equal(
            "dynamic values missing: environment, tag; required: environment, cart, tag",
            messages[^1].Data.GetString());
        Assert.False(ran);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / not JSON or over a limit")]
    public async Task Job_NotJson_FailsAndIsParkedWithTheReason()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{nonsense");
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Rules.CheckJob(messages, id, started: false);
        Assert.StartsWith("the job's body can't be read: ", messages[^1].Data.GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ("{nonsense", id, session.ReplyTo),
            (parked.Body, parked.Property("correlation_id"), parked.Property("reply_to")));
        Assert.Equal(messages[^1].Data.GetString(), parked.Header("x-reworker-reason"));
        Assert.Equal(worker.Queue, parked.Header("x-reworker-queue"));
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / over its time limit")]
    public async Task Job_ExceedsItsTimeLimit_FailsAndIsAcked()
    {
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, ShortTimeLimit);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(messages, id);
        Assert.Equal("timed out after 00:00:00.3000000", messages[^1].Data.GetString());
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / requeued")]
    public async Task Job_WorkerStopped_SendsNothingMoreAndRunsElsewhere()
    {
        await using var first = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var id = session.Send(first.Name, "{}");
        var started = await session.NextAsync(Cancel);
        await first.StopAsync();
        var afterStop = await session.DrainAsync();
        await using var second = await StartAsync(_ => "done elsewhere", ("Worker:Queue", first.Name));
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal("started", started.Status);
        Assert.Empty(afterStop);
        Rules.CheckJob(messages, id);
        Assert.Equal("done elsewhere", messages[^1].Data.GetString());
    }

    [Fact]
    [Contract("Job's end / kills its workers"), Contract("Job's end / started again after a worker died")]
    public async Task Job_WorkersKeepDying_IsGivenUpAndParked()
    {
        var name = BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        var id = "";
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            // to the broker, a worker that is cut off for good is dead, and its job is redelivered
            await using var wire = new TestWire(Bus.Amqp);
            await using var doomed = await StartAsync(async (_, cancel) =>
            {
                await Task.Delay(Timeout.Infinite, cancel);
                return null;
            }, ("Worker:Queue", name), wire.Setting);
            if (attempt == 1) id = session.Send(name, "{}");
            var started = await session.NextAsync(Cancel);
            Assert.Equal(("started", $"{id}:started"), (started.Status, started.Property("message_id")));
            wire.Cut(stayDown: true);
            await doomed.StopAsync();
            doomed.KeepQueues = true;
        }

        await using var last = await StartAsync(_ => null, ("Worker:Queue", name), ("Worker:MaxAttempts", "2"));
        var end = await session.NextAsync(Cancel);
        var parked = await Bus.TakeAsync(last.DeadQueue, Cancel);

        Rules.CheckJob([end], id, started: false);
        Assert.StartsWith("gave up after 2 attempts", end.Data.GetString(), StringComparison.Ordinal);
        Assert.Equal("2", parked.Header("x-reworker-attempts"));
        await AssertAckedAsync(last, session);
    }

    [Fact, Contract("Job's end / started again after a worker died")]
    public async Task Job_RedeliveredWithOnRedeliveryFail_Fails()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var doomed = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, wire.Setting);
        session.Send(doomed.Name, "{}");
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        doomed.KeepQueues = true;
        await doomed.StopAsync();

        await using var careful = await StartAsync(
            _ => null, ("Worker:Queue", doomed.Name), ("Worker:OnRedelivery", "Fail"));
        var end = await session.NextAsync(Cancel);

        Assert.Equal(
            "another worker had the job and did not finish it, and this step must not run twice "
            + "(Worker:OnRedelivery is Fail)",
            end.Data.GetString());
    }

    [Fact, Contract("Job's end / no reply_to")]
    public async Task Job_WithoutReplyTo_RunsAndIsAckedWithoutReplies()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("still sent");
            ran.TrySetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, Encoding.UTF8.GetBytes(Fsm), new() { ["correlation_id"] = "no reply_to" });
        await ran.Task.WaitAsync(Cancel);
        var left = await worker.StopAndCountAsync();
        var messages = await session.DrainAsync();

        Assert.DoesNotContain(messages, message => message.Exchange.Length == 0);
        Assert.Equal("still sent", messages.Single(message => message.IsOutput).Line);
        Assert.Equal(0, left);
    }

    [Fact, Contract("Job's end / reply_to without a queue")]
    public async Task Job_ReplyQueueGone_IsAckedAndItsRepliesAreCounted()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await StartAsync(_ =>
        {
            ran.TrySetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();
        using var unroutable = new CounterSum(worker.Services, "reworker.publish.unroutable");

        var properties = new Dictionary<string, object?> { ["correlation_id"] = "gone", ["reply_to"] = "amq.gen-gone" };
        session.SendRaw(worker.Name, "{}"u8.ToArray(), properties);
        await ran.Task.WaitAsync(Cancel);
        var left = await worker.StopAndCountAsync();

        Assert.Equal(2, unroutable.Value);
        Assert.Equal(2, worker.Logs.WithId(LogId.StatusUnroutable).Count);
        Assert.Equal(0, left);
    }

    [Fact]
    public async Task Job_EndsWhileItsWorkerStops_IsAckedAndRunsOnce()
    {
        const int probes = 3;
        var end = new TaskCompletionSource();
        // a quorum queue counts a cancelled consumer until its jobs are settled
        var name = BrokerFixture.UniqueQueue();
        await Bus.DeclareAsync($"worker.{name}", new Dictionary<string, object> { ["x-queue-type"] = "classic" });
        await using var worker = await StartAsync(new FakeTimeProvider(), async (_, cancel) =>
        {
            await end.Task.WaitAsync(cancel);
            return null;
        }, ("Worker:Queue", name), ("Worker:DrainTimeout", "1.00:00:00"));
        await using var session = await Bus.OpenAsync();
        using var waiting = new GaugeValue(worker.Services, "reworker.queue.messages", ("queue", worker.Queue));

        var id = session.Send(worker.Name, "{}");
        var started = await session.NextAsync(Cancel);
        worker.StopSpeed = 50;
        var stop = worker.StopAsync();
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Consumers == 0);
        // the consumption probe finds jobs and no consumer, which would end the connection the second time
        for (var probe = 1; probe <= probes; probe++)
        {
            session.SendRaw(worker.Name, "{}"u8.ToArray(), []);
            await UntilAsync(() => waiting.Read() == probe);
        }
        worker.StopSpeed = 1;
        end.SetResult();
        await stop;
        var rest = await session.DrainAsync();

        Assert.Equal([$"{id}:started", $"{id}:completed"], Ids([started, .. rest]));
        Assert.Equal(probes, await worker.StopAndCountAsync());
        Assert.Empty(worker.Logs.WithId(LogId.ConnectionLost));
    }

    [Fact, Contract("Job's end / one terminal reply")]
    public async Task TerminalReply_SentByTheStep_IsRejected()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            var reply = new Dictionary<string, string> { ["status"] = "completed" };
            var error = await Assert.ThrowsAsync<ArgumentException>(
                () => job.SendAsync(job.ReplyTo!, reply, Names.DefaultExchange, cancel: cancel));
            return error.Message;
        });
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{}");
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(messages, id);
        Assert.StartsWith(
            "only the runtime sends status replies", messages[^1].Data.GetString(), StringComparison.Ordinal);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / one terminal reply")]
    public async Task TerminalReply_WorkerDiesBeforeItsAck_IsRepeatedWithTheSameId()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var doomed = await StartAsync(_ =>
        {
            wire.HoldAcks();
            return null;
        }, wire.Setting);
        doomed.KeepQueues = true;

        session.Send(doomed.Name, "{}");
        var first = await session.ReceiveUntilTerminalAsync(Cancel);
        wire.Cut(stayDown: true);
        await doomed.StopAsync();
        await using var next = await StartAsync(_ => null, ("Worker:Queue", doomed.Name));
        var second = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(Ids(first), Ids(second));
        await AssertAckedAsync(next, session);
    }

    private static IEnumerable<string?> Ids(List<ReceivedMessage> messages) =>
        messages.Select(message => message.Property("message_id"));

    /// <summary>Asserts that a stopped worker leaves nothing in its queue and sends nothing more.</summary>
    private static async Task AssertAckedAsync(RunningWorker worker, Session session)
    {
        Assert.Equal(0, await worker.StopAndCountAsync());
        Assert.Empty(await session.DrainAsync());
    }
}
