using System.Text;
using Microsoft.Extensions.Logging;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What becomes of a job: the replies, and the message.</summary>
public sealed class OutcomeTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly (string, string) AlmostNoTime = ("Worker:TimeLimit", "00:00:00.3");

    [Fact, Contract("Job's end / runs to its end")]
    public async Task Job_RunsToItsEnd_IsCompletedAndAcked()
    {
        await using var worker = await StartAsync(job => job.Parameters);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(all, id);
        Assert.Equal("completed", all[^1].Status);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / throws")]
    public async Task Job_Throws_IsFailedWithTheReasonAndAcked()
    {
        await using var worker = await StartAsync(_ => throw new FormatException("no such host"));
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(all, id);
        Assert.Equal(("failed", "no such host"), (all[^1].Status, all[^1].Data.GetString()));
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / lacks a dynamic value or a parameter")]
    public async Task Job_LacksValues_IsFailedNamingAllAndAcked()
    {
        var ran = false;
        await using var worker = await RunningWorker.StartAsync(Bus, new Frob((_, _, _) =>
        {
            ran = true;
            return Nothing;
        }, "environment", "cart", "tag"), Cancel);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, """{"dynamic":{"cart":"c"}}""");
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(all, id, started: false);
        Assert.Equal("dynamic values missing: environment, tag; required: environment, cart, tag", all[^1].Data.GetString());
        Assert.False(ran);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / not JSON or over a limit")]
    public async Task Job_NotJson_IsFailedAndParkedWithItsReason()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{nonsense");
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Rules.CheckJob(all, id, started: false);
        Assert.StartsWith("the job's body can't be read: ", all[^1].Data.GetString(), StringComparison.Ordinal);
        Assert.Equal(("{nonsense", id, session.ReplyTo), (parked.Body, parked.Property("correlation_id"), parked.Property("reply_to")));
        Assert.Equal((all[^1].Data.GetString(), worker.Queue), (parked.Header("x-reworker-reason"), parked.Header("x-reworker-queue")));
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / over its time limit")]
    public async Task Job_OverItsTimeLimit_IsFailedAndAcked()
    {
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, AlmostNoTime);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(all, id);
        Assert.Equal("timed out after 00:00:00.3000000", all[^1].Data.GetString());
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / handed back")]
    public async Task Job_WorkerStopped_SaysNothingMoreAndRunsElsewhere()
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
        var more = await session.DrainAsync();
        await using var second = await StartAsync(_ => "done elsewhere", ("Worker:Queue", first.Name));
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal("started", started.Status);
        Assert.Empty(more);
        Rules.CheckJob(all, id);
        Assert.Equal("done elsewhere", all[^1].Data.GetString());
    }

    [Fact, Contract("Job's end / kills its worker again and again"), Contract("Job's end / started again after a death")]
    public async Task Job_WhoseWorkersDie_IsGivenUpAndParked()
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        var id = "";
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            // a worker that is cut off for good is as good as dead: the broker delivers its job again
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

    [Fact, Contract("Job's end / started again after a death")]
    public async Task Job_WhoseWorkerDied_FailsWhereTheOwnerWantsIt()
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

        await using var careful = await StartAsync(_ => null, ("Worker:Queue", doomed.Name), ("Worker:OnRedelivery", "Fail"));
        var end = await session.NextAsync(Cancel);

        Assert.Equal("a worker had it before and did not end it, and this step must not run twice (Worker:OnRedelivery is Fail)", end.Data.GetString());
    }

    [Fact, Contract("Job's end / no reply_to")]
    public async Task Job_WithoutReplyTo_RunsAndIsAckedUnanswered()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("still heard");
            ran.TrySetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, Encoding.UTF8.GetBytes(Fsm), new() { ["correlation_id"] = "unanswered" });
        await ran.Task.WaitAsync(Cancel);
        await worker.SettledAsync(Cancel);
        await worker.StopAsync();
        var all = await session.DrainAsync();

        Assert.DoesNotContain(all, one => one.Exchange.Length == 0);
        Assert.Equal("still heard", all.Single(one => one.IsOutput).Line);
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
    }

    [Fact, Contract("Job's end / reply_to that no queue answers to")]
    public async Task Job_ReplyQueueGone_IsAckedAndTheReplyCounted()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await StartAsync(_ =>
        {
            ran.TrySetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();
        using var unroutable = new Counted(worker.Services, "reworker.publish.unroutable");

        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "gone", ["reply_to"] = "amq.gen-gone" });
        await ran.Task.WaitAsync(Cancel);
        await worker.StopAsync();

        Assert.Equal(2, unroutable.Sum);
        Assert.Equal(2, worker.Logs.WithId(70).Count);
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
    }

    [Fact]
    public async Task Job_ThatEndsWhileItsWorkerStops_IsAckedAndRunsOnce()
    {
        // longer than the pause between two looks of the probe, which finds no consumer any more on a classic queue
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await Bus.DeclareAsync($"worker.{name}", new Dictionary<string, object> { ["x-queue-type"] = "classic" });
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5), cancel);
            return null;
        }, ("Worker:Queue", name), ("Worker:DrainTimeout", "00:00:15"));
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{}");
        var started = await session.NextAsync(Cancel);
        await worker.StopAsync();
        var rest = await session.DrainAsync();

        Rules.CheckJob([started, .. rest], id);
        Assert.Equal((0, 0), await Bus.CountAsync(worker.Queue));
        Assert.Empty(worker.Logs.WithId(41));
    }

    [Fact, Contract("Job's end / one terminal reply")]
    public async Task TerminalReply_SecondByTheStep_IsRefused()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(() => job.SendAsync(job.ReplyTo!, new Dictionary<string, string> { ["status"] = "completed" }, Names.DefaultExchange, cancel: cancel));
            return refused.Message;
        });
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{}");
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob(all, id);
        Assert.StartsWith("a status reply is the runtime's to send", all[^1].Data.GetString(), StringComparison.Ordinal);
        await AssertAckedAsync(worker, session);
    }

    [Fact, Contract("Job's end / one terminal reply")]
    public async Task TerminalReply_WorkerDiesBeforeItsAck_ComesAgainUnderTheSameId()
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

        Assert.Equal(first.Select(one => one.Property("message_id")), second.Select(one => one.Property("message_id")));
        await AssertAckedAsync(next, session);
    }

    /// <summary>Nothing is left in the queue once the worker has gone, and nothing more is said.</summary>
    private async Task AssertAckedAsync(RunningWorker worker, Session session)
    {
        await worker.StopAsync();
        Assert.Empty(await session.DrainAsync());
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
    }
}
