using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>Everything that a worker can do with the Python library, a worker can do here.</summary>
public sealed class PythonNamesTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Python / process")]
    public async Task Process_ArgumentsOfThePythonMethod_AreAvailable()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("output");
            var delivery = $"{job.Delivery.DeliveryTag} {job.Delivery.ConsumerTag.Length > 0}";
            var isSameId = job.Properties.CorrelationId == job.CorrelationId;
            return $"{job.Channel.IsOpen} {delivery} {isSameId} {job.Body.ValueKind}";
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("True 1 True True Object", messages[^1].Data.GetString());
        Assert.Equal("output", messages[1].Line);
    }

    [Fact, Contract("Python / dynamic")]
    public async Task Dynamic_DeclaredAndMissing_FailsTheJob()
    {
        var frob = new Frob((_, _, _) => Nothing, "environment");
        await using var worker = await RunningWorker.StartAsync(Bus, frob, Cancel);
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("dynamic values missing: environment; required: environment", messages.Single().Data.GetString());
    }

    [Fact, Contract("Python / self._config")]
    public async Task Config_OfTheWorker_IsItsOwnSectionOrEmpty()
    {
        var frob = new Frob(
            (self, _, _) => Task.FromResult<object?>($"{self.Settings["target"]} {self.Settings["list:1"]}"));
        await using var configured = await RunningWorker.StartAsync(
            Bus, frob, Cancel, ("WorkerConfig:target", "t"), ("WorkerConfig:list:1", "b"));
        await using var unconfigured = await RunningWorker.StartAsync(Bus, frob, Cancel);
        await using var session = await Bus.OpenAsync();

        var first = await session.RunAsync(configured.Name, "{}", Cancel);
        var second = await session.RunAsync(unconfigured.Name, "{}", Cancel);

        Assert.Equal(("t b", " "), (first[^1].Data.GetString(), second[^1].Data.GetString()));
    }

    [Fact, Contract("Python / self.app_logger")]
    public async Task AppLogger_OfTheWorker_WritesOnlyToTheHostsLog()
    {
        ILogger? logger = null;
        await using var worker = await StartAsync(_ =>
        {
            logger!.LogInformation("for administrators");
            return null;
        });
        logger = worker.Services.GetRequiredService<ILogger<FrobWorker>>();
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(2, messages.Count);
        Assert.Single(worker.Logs.All, record => record.Message == "for administrators");
    }

    [Fact, Contract("Python / output")]
    public async Task Output_BelowTheConfiguredLevel_IsNotSent()
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

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["warning", "error"], messages.Where(message => message.IsOutput).Select(message => message.Line));
    }

    [Fact, Contract("Python / send")]
    public async Task Send_ToAnyTopicWithAnyCorrelationId_PublishesJsonAndReportsRouting()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            var message = new Dictionary<string, string> { ["any"] = "thing" };
            var routed = await job.SendAsync(job.ReplyTo!, message, exchange: "", correlationId: "another", cancel);
            var unrouted = await job.SendAsync("nobody.listens", message, cancel: cancel);
            return $"{routed} {unrouted}";
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        var sent = messages[1];
        Assert.Equal(
            ("""{"any":"thing"}""", "another", "application/json"),
            (sent.Body, sent.Property("correlation_id"), sent.Property("content_type")));
        Assert.Equal("True False", messages[^1].Data.GetString());
    }

    [Fact, Contract("Python / notify")]
    public async Task Notify_WithCorrelationIdAndExchange_UsesThem()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync(
                "s", "m", Phase.Started, correlationId: "another", exchange: "amq.topic", cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        await Bus.CallAsync("bind", new { name = session.ReplyTo, exchange = "amq.topic", key = "notify.irc" });

        var messages = await session.RunAsync(worker.Name, """{"notify":{"started":{"irc":["#a"]}}}""", Cancel);

        Assert.Contains(
            ("amq.topic", "notify.irc", "another"),
            messages.Select(message => (message.Exchange, message.Key, message.Property("correlation_id"))));
    }

    [Fact, Contract("Python / ack")]
    public async Task Ack_BeforeTheEnd_TakesEffectAtOnceAndTheReplyFollows()
    {
        var (acked, resume) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            if (job.Group == "next") return null;
            await job.AckAsync(cancel);
            acked.SetResult();
            await resume.Task.WaitAsync(cancel);
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => job.AckAsync(cancel));
            await Assert.ThrowsAsync<InvalidOperationException>(() => job.RejectAsync(requeue: true, cancel));
            return error.Message;
        }, wire.Setting, ("Worker:Prefetch", "1"), ("Worker:Concurrency", "1"));
        await using var session = await Bus.OpenAsync();
        using var deliveries = new CounterSum(worker.Services, "reworker.deliveries");

        var id = session.Send(worker.Name, "{}");
        var started = await session.NextAsync(Cancel);
        await acked.Task.WaitAsync(Cancel);
        // with a prefetch of 1, the broker delivers the next job only if it has the acknowledgement
        session.Send(worker.Name, """{"group":"next"}""");
        await UntilAsync(() => deliveries.Value == 2);
        // it would deliver a job again that was not acknowledged
        wire.Cut(stayDown: true);
        await worker.Logs.WaitAsync(LogId.ConnectionLost, Cancel);
        wire.Resume();
        resume.SetResult();
        var end = await session.NextAsync(Cancel);
        await session.ReceiveUntilTerminalAsync(Cancel);

        Rules.CheckJob([started, end], id);
        Assert.Equal(
            "The job is already settled: it can be acknowledged or rejected once, before its end.",
            end.Data.GetString());
        Assert.Equal(0, await worker.StopAndCountAsync());
        Assert.Equal(3, deliveries.Value);
    }

    [Fact, Contract("Python / reject")]
    public async Task Reject_WithRequeue_RunsAgainAndOnlyThatRunAnswers()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            if (job.Attempt == 1) await job.RejectAsync(requeue: true, cancel);
            return job.Attempt;
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);
        await worker.StopAsync();

        Assert.Equal(["started", "started", "completed"], messages.Select(message => message.Status));
        Assert.Equal(2, messages[^1].Data.GetInt32());
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

        var messages = await session.RunAsync(worker.Name, Fsm, Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Assert.Equal("completed", messages[^1].Status);
        Assert.Equal((Fsm, "rejected by the step"), (parked.Body, parked.Header("x-reworker-reason")));
    }

    [Fact, Contract("Python / _connect, run_forever")]
    public async Task Connection_LostRepeatedly_IsReestablished()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(_ => null, wire.Setting);

        for (var i = 0; i < 3; i++)
        {
            wire.Cut();
            await UntilAsync(() => worker.Logs.WithId(LogId.Consuming).Count == i + 2);
            // a new session each time: a reply whose confirm was lost is sent to its session again
            await using var session = await Bus.OpenAsync();
            var messages = await session.RunAsync(worker.Name, "{}", Cancel);
            Assert.Equal(["started", "completed"], messages.Select(message => message.Status));
        }
    }
}
