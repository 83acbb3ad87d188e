using System.Text;
using Microsoft.Extensions.Logging;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Properties that nobody should set: a job's neighbours never notice.</summary>
public sealed class BadPropertyTests(PikaBus bus) : ContractTest(bus)
{
    public static TheoryData<string> ReplyTos => ["", "worker.nobody", "worker.output", "amq.topic", "amq.gen-nobody", "amq.rabbitmq.reply-to", "amq.rabbitmq.reply-to.g1h2AA5yZXBseUAx.bogus", "amq.rabbitmq.trace", "long", "own", "a\r\n\u001b[31m"];

    public static TheoryData<string> CorrelationIds => ["", "../../etc/passwd", "a\r\nWARN forged", "\u001b[31mred\u001b[0m", "🚀🚀", "long", "long emoji", "\u202egnp.exe"];

    [Theory, MemberData(nameof(CorrelationIds)), Contract("Job / correlation_id")]
    public async Task CorrelationId_Hostile_IsEchoedAndLoggedInOneRecord(string id)
    {
        id = id switch { "long" => new string('x', 255), "long emoji" => string.Concat(Enumerable.Repeat("🚀", 63)), _ => id };
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            throw new InvalidOperationException($"it was {job.CorrelationId}");
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = id, ["reply_to"] = session.ReplyTo });
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        await AssertNeighbourAsync(worker, session);

        Rules.CheckJob(all, id);
        Assert.Equal($"it was {id}", all[^1].Data.GetString());
        Assert.All(worker.Logs.All, one => Assert.DoesNotContain(one.Message, Breaks));
        Assert.Equal(2, worker.Logs.WithId(10).Count);
    }

    [Fact, Contract("Job / correlation_id")]
    public async Task CorrelationId_Absent_IsAbsentInEverything()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        for (var i = 0; i < 2; i++) session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["reply_to"] = session.ReplyTo });
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        while (all.Count(one => one.IsTerminal) < 2) all.Add(await session.NextAsync(Cancel));

        Assert.All(all, one => Rules.Check(one, null));
        // two jobs without a name are two jobs
        Assert.Equal(all.Count, all.Select(one => one.Property("message_id")).Distinct().Count());
    }

    [Theory, MemberData(nameof(ReplyTos)), Contract("Job's end / reply_to that no queue answers to"), Contract("Job's end / reply_to of a worker")]
    public async Task ReplyTo_Hostile_NeverFeedsAWorkerAndHarmsNobody(string replyTo)
    {
        var ran = 0;
        await using var worker = await StartAsync(_ =>
        {
            Interlocked.Increment(ref ran);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        replyTo = replyTo switch { "long" => new string('q', 255), "own" => worker.Queue, _ => replyTo };

        // the job comes straight, and as the FSM sends it; pika may not say amq.rabbitmq.reply-to itself
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "x", ["reply_to"] = replyTo == "amq.rabbitmq.reply-to" ? "amq.rabbitmq.reply-to." : replyTo });
        await UntilAsync(() => Task.FromResult(ran == 1));
        // both replies reach nobody, or are given up: then the job is over
        if (replyTo.EndsWith(".bogus", StringComparison.Ordinal)) await UntilAsync(() => Task.FromResult(worker.Logs.WithId(70).Count + worker.Logs.WithId(71).Count >= 2));
        await AssertNeighbourAsync(worker, session);
        await worker.StopAsync();

        Assert.Equal(2, ran);
        // brokers up to 4.0 fail on such a name and close the connection: that reply is given up after three tries
        Assert.InRange(worker.Logs.WithId(40).Count, 1, replyTo.EndsWith(".bogus", StringComparison.Ordinal) ? 8 : 1);
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
        Assert.Equal(0, (await Bus.CountAsync(worker.DeadQueue)).Messages);
        Assert.All(worker.Logs.All, one => Assert.DoesNotContain(one.Message, Breaks));
    }

    /// <summary>The client reads each byte that is no UTF-8 as a character of three: what came in would be too long to go out.</summary>
    [Theory]
    [InlineData("correlation_id")]
    [InlineData("reply_to")]
    [InlineData("message_id")]
    [InlineData("type")]
    public async Task ShortString_OfBytesThatAreNoUtf8_HarmsNobody(string property)
    {
        await using var worker = await StartAsync(job =>
        {
            if (property == "correlation_id") job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var bytes = new Dictionary<string, string> { ["base64"] = Convert.ToBase64String(Enumerable.Repeat((byte)0xff, 200).ToArray()) };

        foreach (var body in new[] { "{}", "{" })
        {
            session.SendRaw(worker.Name, System.Text.Encoding.UTF8.GetBytes(body), new() { ["correlation_id"] = "x", ["reply_to"] = session.ReplyTo, [property] = bytes });
            if (property != "reply_to") Assert.Equal(body == "{}" ? "completed" : "failed", (await session.ReceiveUntilTerminalAsync(Cancel))[^1].Status);
        }
        await AssertNeighbourAsync(worker, session);
        await UntilAsync(async () => (await Bus.CountAsync(worker.DeadQueue)).Messages == 1);
        await worker.StopAsync();

        Assert.Single(worker.Logs.WithId(40));
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
    }

    [Theory]
    [InlineData(100 * 1024)]
    [InlineData(130_400)]
    public async Task Headers_AsLargeAsAFrame_OfAJobThatIsParked_HarmNobody(int bytes)
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var headers = new Dictionary<string, string> { ["large"] = new('h', bytes), ["traceparent"] = "nonsense\r\n" };

        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "good", ["reply_to"] = session.ReplyTo, ["headers"] = headers });
        var good = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{"u8.ToArray(), new() { ["correlation_id"] = "bad", ["reply_to"] = session.ReplyTo, ["headers"] = headers });
        var bad = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);
        await AssertNeighbourAsync(worker, session);

        Rules.CheckJob(good, "good");
        Rules.CheckJob(bad, "bad", started: false);
        Assert.StartsWith("the job's body can't be read", parked.Header("x-reworker-reason"), StringComparison.Ordinal);
        Assert.Single(worker.Logs.WithId(40));
    }

    [Fact]
    public async Task Headers_OddTypes_AreNoTrouble()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, "{"u8.ToArray(), new()
        {
            ["correlation_id"] = "odd",
            ["reply_to"] = session.ReplyTo,
            ["headers"] = new Dictionary<string, object?> { ["x-delivery-count"] = "many", ["x-reworker-attempts"] = null, ["traceparent"] = 5, ["x"] = Enumerable.Range(1, 2), ["y"] = new Dictionary<string, object> { ["z"] = true } },
            ["type"] = "t",
            ["priority"] = 255,
            ["message_id"] = new string('m', 255),
        });
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Rules.CheckJob(all, "odd", started: false);
        Assert.Equal(("t", new string('m', 255)), (parked.Property("type"), parked.Property("message_id")));
    }

    [Fact]
    public async Task BrokersProperties_OfAJobThatIsParked_StayBehind()
    {
        await using var others = await OtherUser.AddAsync(Bus);
        await using var worker = await StartAsync(_ => null, others.Setting);
        await using var session = await Bus.OpenAsync();
        await others.DeclareAsync();

        // the broker takes a user's name from that user alone; CC routes to further queues; what has a time to live ends
        session.SendRaw(worker.Name, "{"u8.ToArray(), Acted(session, others.Name));
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);
        await AssertNeighbourAsync(worker, session);

        Rules.CheckJob(all, "acted", started: false);
        Assert.Equal((null, null, null), (parked.Property("user_id"), parked.Property("expiration"), parked.Header("CC")));
        Assert.Equal("kept", parked.Header("mine"));
        Assert.Equal(1, (await Bus.CountAsync(others.Name)).Messages);
        Assert.Single(worker.Logs.WithId(40));
    }

    [Fact]
    public async Task BrokersProperties_OfAJobThatIsPutBack_StayBehind()
    {
        await using var others = await OtherUser.AddAsync(Bus);
        await using var session = await Bus.OpenAsync();
        await others.DeclareAsync();
        await using var wire = new TestWire(Bus.Amqp);
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await Bus.DeclareAsync($"worker.{name}", new Dictionary<string, object> { ["x-queue-type"] = "classic" });
        await using var doomed = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, ("Worker:Queue", name), wire.Setting);
        session.SendRaw(name, "{}"u8.ToArray(), Acted(session, others.Name));
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        doomed.KeepQueues = true;
        await doomed.StopAsync();

        // a classic queue does not count: the job goes back with a count of its own
        await using var worker = await StartAsync(job => $"attempt {job.Attempt}", ("Worker:Queue", name), others.Setting);
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal("attempt 2", all[^1].Data.GetString());
        Assert.Equal(1, (await Bus.CountAsync(others.Name)).Messages);
        Assert.Single(worker.Logs.WithId(40));
    }

    [Fact]
    public async Task NotifyChannel_LongerThanARoutingKey_RefusesTheJobAlone()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, """{"notify":{"started":{"CHANNEL":["x"]}}}""".Replace("CHANNEL", new string('c', 300), StringComparison.Ordinal), Cancel);
        await AssertNeighbourAsync(worker, session);

        Assert.Equal("the job's 'notify' names a channel of 300 bytes; allowed: 248", all.Single().Data.GetString());
        Assert.Single(worker.Logs.WithId(40));
    }

    [Fact]
    public async Task Reason_TooLargeForTheBus_IsCut()
    {
        await using var worker = await StartAsync(_ => throw new InvalidOperationException(new string('x', 20 * 1024 * 1024)));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, """{"notify":{"failed":{"irc":["#a"]}}}""", Cancel);

        Rules.CheckJob(all, all[0].Property("correlation_id"));
        Assert.InRange(all[^1].Data.GetString()!.Length, 1000, 100_000);
        Assert.Single(worker.Logs.WithId(40));
    }

    private static Dictionary<string, object?> Acted(Session session, string copyTo) => new()
    {
        ["correlation_id"] = "acted",
        ["reply_to"] = session.ReplyTo,
        ["user_id"] = "guest",
        ["expiration"] = "600000",
        ["headers"] = new Dictionary<string, object> { ["CC"] = new[] { copyTo }, ["BCC"] = Array.Empty<string>(), ["mine"] = "kept" },
    };

    private static bool Breaks(char one) => char.IsControl(one) || one is '\u2028' or '\u2029' or '\u202e';

    private static async Task AssertNeighbourAsync(RunningWorker worker, Session session)
    {
        var id = session.Send(worker.Name, "{}");
        var all = await session.ReceiveUntilTerminalAsync(Cancel);
        Assert.Equal("started", all[0].Status);
        Assert.All(all, one => Assert.Equal(id, one.Property("correlation_id")));
    }
}
