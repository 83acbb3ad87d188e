using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>Whatever the Python library's worker could do, one can do here.</summary>
public sealed class PythonNamesTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Python / process")]
    public async Task Process_ItsFiveThings_AreWithinReach()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("output");
            return $"{job.Channel.IsOpen} {job.Delivery.DeliveryTag} {job.Delivery.ConsumerTag.Length > 0} {job.Properties.CorrelationId == job.CorrelationId} {job.Body.ValueKind}";
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("True 1 True True Object", all[^1].Data.GetString());
        Assert.Equal("output", all[1].Line);
    }

    [Fact, Contract("Python / dynamic")]
    public async Task Dynamic_DeclaredAndMissing_FailsTheJob()
    {
        await using var worker = await RunningWorker.StartAsync(Bus, new Frob((_, _, _) => Nothing, "environment"), Cancel);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("dynamic values missing: environment; required: environment", all.Single().Data.GetString());
    }

    [Fact, Contract("Python / self._config")]
    public async Task Config_OfTheWorker_IsItsOwnSectionAndEmptyWithoutOne()
    {
        var frob = new Frob((self, _, _) => Task.FromResult<object?>($"{self.Settings["target"]} {self.Settings["list:1"]}"));
        await using var configured = await RunningWorker.StartAsync(Bus, frob, Cancel, ("WorkerConfig:target", "t"), ("WorkerConfig:list:1", "b"));
        await using var bare = await RunningWorker.StartAsync(Bus, frob, Cancel);
        await using var session = await Bus.OpenAsync();

        var first = await session.RunAsync(configured.Name, "{}", Cancel);
        var second = await session.RunAsync(bare.Name, "{}", Cancel);

        Assert.Equal(("t b", " "), (first[^1].Data.GetString(), second[^1].Data.GetString()));
    }

    [Fact, Contract("Python / self.app_logger")]
    public async Task AppLogger_OfTheWorker_IsTheHostsAndNotTheUsers()
    {
        ILogger? logger = null;
        await using var worker = await StartAsync(_ =>
        {
            logger!.LogInformation("for administrators");
            return null;
        });
        logger = worker.Services.GetRequiredService<ILogger<FrobWorker>>();
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(2, all.Count);
        Assert.Single(worker.Logs.All, one => one.Message == "for administrators");
    }

    [Fact, Contract("Python / output")]
    public async Task Output_Levels_AreALoggersAndCutAtTheConfiguredOne()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogDebug("debug");
            job.Output.LogInformation("info");
            job.Output.LogWarning("warning");
            job.Output.LogError("error");
            return null;
        }, ("Worker:OutputLevel", "Warning"));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["warning", "error"], all.Where(one => one.IsOutput).Select(one => one.Line));
    }

    [Fact, Contract("Python / send")]
    public async Task Send_ToAnyTopicWithAnyCorrelationId_IsConfirmedJson()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            var message = new Dictionary<string, string> { ["any"] = "thing" };
            var heard = await job.SendAsync(job.ReplyTo!, message, exchange: "", correlationId: "another", cancel);
            var lost = await job.SendAsync("nobody.listens", message, cancel: cancel);
            return $"{heard} {lost}";
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(("""{"any":"thing"}""", "another", "application/json"), (all[1].Body, all[1].Property("correlation_id"), all[1].Property("content_type")));
        Assert.Equal("True False", all[^1].Data.GetString());
    }

    [Fact, Contract("Python / notify")]
    public async Task Notify_WithAnotherCorrelationIdAndExchange_GoesThere()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("s", "m", Phase.Started, correlationId: "another", exchange: "amq.topic", cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        await Bus.AskAsync("bind", new { name = session.ReplyTo, exchange = "amq.topic", key = "notify.irc" });

        var all = await session.RunAsync(worker.Name, """{"notify":{"started":{"irc":["#a"]}}}""", Cancel);

        Assert.Contains(all, one => (one.Exchange, one.Key, one.Property("correlation_id")) == ("amq.topic", "notify.irc", "another"));
    }

    [Fact, Contract("Python / ack")]
    public async Task Ack_BeforeTheEnd_IsAtOnceAndTheReplyStillComes()
    {
        var (isAcked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.AckAsync(cancel);
            isAcked.SetResult();
            await goOn.Task.WaitAsync(cancel);
            var twice = await Assert.ThrowsAsync<InvalidOperationException>(() => job.AckAsync(cancel));
            await Assert.ThrowsAsync<InvalidOperationException>(() => job.RejectAsync(requeue: true, cancel));
            return twice.Message;
        }, wire.Setting);
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, "{}");
        var started = await session.NextAsync(Cancel);
        await isAcked.Task.WaitAsync(Cancel);
        await Task.Delay(200, Cancel);
        // a job that was not acknowledged would come back into its queue
        wire.Cut(stayDown: true);
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Consumers == 0);
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
        wire.Resume();
        goOn.SetResult();
        var end = await session.NextAsync(Cancel);

        Rules.CheckJob([started, end], id);
        Assert.Equal("The job is settled already: it can be acknowledged or rejected once, before its end.", end.Data.GetString());
    }

    [Fact, Contract("Python / reject")]
    public async Task Reject_WithRequeue_RunsAgainAndThatRunAnswers()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            if (job.Attempt == 1) await job.RejectAsync(requeue: true, cancel);
            return job.Attempt;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);
        await worker.StopAsync();

        Assert.Equal(["started", "started", "completed"], all.Select(one => one.Status));
        Assert.Equal(2, all[^1].Data.GetInt32());
        Assert.Empty(await session.DrainAsync());
    }

    [Fact, Contract("Python / reject")]
    public async Task Reject_WithoutRequeue_IsParkedAndAnswered()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.RejectAsync(requeue: false, cancel);
            await Assert.ThrowsAsync<InvalidOperationException>(() => job.RejectAsync(requeue: false, cancel));
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Assert.Equal("completed", all[^1].Status);
        Assert.Equal((Fsm, "rejected by the step"), (parked.Body, parked.Header("x-reworker-reason")));
    }

    [Fact, Contract("Python / _connect, run_forever")]
    public async Task Connection_LostAgainAndAgain_IsMadeAgain()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(_ => null, wire.Setting);

        for (var i = 0; i < 3; i++)
        {
            wire.Cut();
            await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Consumers == 0);
            // a requester each: the last one may hear a copy of its reply, if its confirm was cut off
            await using var session = await Bus.OpenAsync();
            var all = await session.RunAsync(worker.Name, "{}", Cancel);
            Assert.Equal(["started", "completed"], all.Select(one => one.Status));
        }
    }
}
