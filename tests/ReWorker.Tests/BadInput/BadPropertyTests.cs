using System.Text;
using Microsoft.Extensions.Logging;
using My.Step_1.Tests;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Malformed or hostile properties affect only their own job. Each test also runs an ordinary job.</summary>
public sealed class BadPropertyTests(PikaBus bus) : ContractTest(bus)
{
    public static TheoryData<string> ReplyTos =>
    [
        "", "worker.nobody", "worker.output", "amq.topic", "amq.gen-nobody", "amq.rabbitmq.reply-to",
        "amq.rabbitmq.reply-to.g1h2AA5yZXBseUAx.bogus", "amq.rabbitmq.trace", "long", "own", "a\r\n\u001b[31m",
    ];

    public static TheoryData<string> CorrelationIds =>
    [
        "", "../../etc/passwd", "a\r\nWARN forged", "\u001b[31mred\u001b[0m", "🚀🚀", "long", "long emoji",
        "\u202egnp.exe",
    ];

    [Theory, MemberData(nameof(CorrelationIds)), Contract("Job / correlation_id")]
    public async Task CorrelationId_Hostile_IsEchoedAndLoggedOnOneLine(string id)
    {
        id = id switch
        {
            "long" => new string('x', 255),
            "long emoji" => string.Concat(Enumerable.Repeat("🚀", 63)),
            _ => id,
        };
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            throw new InvalidOperationException($"it was {job.CorrelationId}");
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, "{}"u8.ToArray(), session.Properties(id));
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);
        await AssertOrdinaryJobRunsAsync(worker, session);

        Rules.CheckJob(messages, id);
        Assert.Equal($"it was {id}", messages[^1].Data.GetString());
        Assert.All(worker.Logs.All, record => Assert.DoesNotContain(record.Message, IsUnsafeInALog));
        Assert.Equal(2, worker.Logs.WithId(LogId.JobFailed).Count);
    }

    [Fact, Contract("Job / correlation_id")]
    public async Task CorrelationId_Absent_IsAbsentFromEveryMessage()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var properties = new Dictionary<string, object?> { ["reply_to"] = session.ReplyTo };

        for (var i = 0; i < 2; i++) session.SendRaw(worker.Name, "{}"u8.ToArray(), properties);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);
        while (messages.Count(message => message.IsTerminal) < 2) messages.Add(await session.NextAsync(Cancel));

        Assert.All(messages, message => Rules.Check(message, null));
        // two jobs without an id must not be taken for the same job
        Assert.Equal(messages.Count, messages.Select(message => message.Property("message_id")).Distinct().Count());
    }

    [Theory, MemberData(nameof(ReplyTos))]
    [Contract("Job's end / reply_to without a queue"), Contract("Job's end / reply_to of a worker")]
    public async Task ReplyTo_Hostile_ReachesNoWorkerAndOtherJobsRun(string replyTo)
    {
        var runs = 0;
        await using var worker = await StartAsync(_ =>
        {
            Interlocked.Increment(ref runs);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var closesTheConnection = replyTo.EndsWith(".bogus", StringComparison.Ordinal);
        replyTo = replyTo switch
        {
            "long" => new string('q', 255),
            "own" => worker.Queue,
            // the broker accepts the bare name only from a channel that consumes from it
            "amq.rabbitmq.reply-to" => "amq.rabbitmq.reply-to.",
            _ => replyTo,
        };

        var properties = new Dictionary<string, object?> { ["correlation_id"] = "x", ["reply_to"] = replyTo };
        session.SendRaw(worker.Name, "{}"u8.ToArray(), properties);
        await UntilAsync(() => runs == 1);
        // the job has ended once both replies were returned or given up
        if (closesTheConnection) await UntilAsync(() => UndeliveredReplies(worker) >= 2);
        await AssertOrdinaryJobRunsAsync(worker, session);

        Assert.Equal(0, await worker.StopAndCountAsync());
        Assert.Equal(2, runs);
        // brokers up to 4.0 fail on this name and close the connection; the worker gives the reply up after three tries
        Assert.InRange(worker.Logs.WithId(LogId.Consuming).Count, 1, closesTheConnection ? 8 : 1);
        Assert.Equal(0, (await Bus.CountAsync(worker.DeadQueue)).Messages);
        Assert.All(worker.Logs.All, record => Assert.DoesNotContain(record.Message, IsUnsafeInALog));
    }

    /// <summary>
    /// The client decodes each invalid byte to a character of three bytes, so a property can become too long to send.
    /// </summary>
    [Theory]
    [InlineData("correlation_id")]
    [InlineData("reply_to")]
    [InlineData("message_id")]
    [InlineData("type")]
    public async Task ShortString_NotUtf8_AffectsNoOtherJob(string property)
    {
        await using var worker = await StartAsync(job =>
        {
            if (property == "correlation_id") job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var bytes = Convert.ToBase64String(Enumerable.Repeat((byte)0xff, 200).ToArray());
        var properties = session.Properties("x");
        properties[property] = new Dictionary<string, string> { ["base64"] = bytes };

        foreach (var (body, status) in new[] { ("{}", "completed"), ("{", "failed") })
        {
            session.SendRaw(worker.Name, Encoding.UTF8.GetBytes(body), properties);
            if (property != "reply_to")
                Assert.Equal(status, (await session.ReceiveUntilTerminalAsync(Cancel))[^1].Status);
        }
        await AssertOrdinaryJobRunsAsync(worker, session);
        await UntilAsync(async () => (await Bus.CountAsync(worker.DeadQueue)).Messages == 1);

        Assert.Equal(0, await worker.StopAndCountAsync());
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }

    [Theory]
    [InlineData(100 * 1024)]
    [InlineData(130_400)]
    public async Task Headers_AsLargeAsAFrame_AffectNoOtherJob(int bytes)
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var headers = new Dictionary<string, string>
        {
            ["large"] = new('h', bytes),
            ["traceparent"] = "nonsense\r\n",
        };

        session.SendRaw(worker.Name, "{}"u8.ToArray(), WithHeaders("good"));
        var good = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{"u8.ToArray(), WithHeaders("bad"));
        var bad = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);
        await AssertOrdinaryJobRunsAsync(worker, session);

        Rules.CheckJob(good, "good");
        Rules.CheckJob(bad, "bad", started: false);
        Assert.StartsWith(
            "the job's body can't be read", parked.Header("x-reworker-reason"), StringComparison.Ordinal);
        Assert.Single(worker.Logs.WithId(LogId.Consuming));

        Dictionary<string, object?> WithHeaders(string id) => new(session.Properties(id)) { ["headers"] = headers };
    }

    [Fact]
    public async Task Headers_OfUnexpectedTypes_DoNotPreventParking()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var headers = new Dictionary<string, object?>
        {
            ["x-delivery-count"] = "many",
            ["x-reworker-attempts"] = null,
            ["traceparent"] = 5,
            ["x"] = Enumerable.Range(1, 2),
            ["y"] = new Dictionary<string, object> { ["z"] = true },
        };

        session.SendRaw(worker.Name, "{"u8.ToArray(), new(session.Properties("odd"))
        {
            ["headers"] = headers,
            ["type"] = "t",
            ["priority"] = 255,
            ["message_id"] = new string('m', 255),
        });
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

        Rules.CheckJob(messages, "odd", started: false);
        Assert.Equal(("t", new string('m', 255)), (parked.Property("type"), parked.Property("message_id")));
    }

    [Fact]
    public async Task BrokerProperties_OfAParkedJob_AreDropped()
    {
        await using var other = await OtherUser.AddAsync(Bus);
        await using var worker = await StartAsync(_ => null, other.Setting);
        await using var session = await Bus.OpenAsync();
        await other.DeclareAsync();

        session.SendRaw(worker.Name, "{"u8.ToArray(), BrokerProperties(session, other.Name));
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);
        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);
        await AssertOrdinaryJobRunsAsync(worker, session);

        Rules.CheckJob(messages, "broker properties", started: false);
        Assert.Equal(
            (null, null, null), (parked.Property("user_id"), parked.Property("expiration"), parked.Header("CC")));
        Assert.Equal("kept", parked.Header("mine"));
        Assert.Equal(1, (await Bus.CountAsync(other.Name)).Messages);
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }

    [Fact]
    public async Task BrokerProperties_OfARepublishedJob_AreDropped()
    {
        await using var other = await OtherUser.AddAsync(Bus);
        await using var session = await Bus.OpenAsync();
        await other.DeclareAsync();
        await using var wire = new TestWire(Bus.Amqp);
        var name = BrokerFixture.UniqueQueue();
        await Bus.DeclareAsync($"worker.{name}", new Dictionary<string, object> { ["x-queue-type"] = "classic" });
        await using var doomed = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, ("Worker:Queue", name), wire.Setting);
        session.SendRaw(name, "{}"u8.ToArray(), BrokerProperties(session, other.Name));
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        doomed.KeepQueues = true;
        await doomed.StopAsync();

        // a classic queue does not count deliveries, so the worker republishes the job with its own count
        await using var worker = await StartAsync(
            job => $"attempt {job.Attempt}", ("Worker:Queue", name), other.Setting);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal("attempt 2", messages[^1].Data.GetString());
        Assert.Equal(1, (await Bus.CountAsync(other.Name)).Messages);
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }

    [Fact]
    public async Task NotifyChannel_LongerThanARoutingKey_FailsOnlyItsJob()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var job = """{"notify":{"started":{"CHANNEL":["x"]}}}""".Replace(
            "CHANNEL", new string('c', 300), StringComparison.Ordinal);

        var messages = await session.RunAsync(worker.Name, job, Cancel);
        await AssertOrdinaryJobRunsAsync(worker, session);

        Assert.Equal(
            "the job's 'notify' names a channel of 300 bytes; allowed: 248", messages.Single().Data.GetString());
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }

    [Fact]
    public async Task Reason_LargerThanAMessageMayBe_IsTruncated()
    {
        await using var worker = await StartAsync(
            _ => throw new InvalidOperationException(new string('x', 20 * 1024 * 1024)));
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, """{"notify":{"failed":{"irc":["#a"]}}}""", Cancel);

        Rules.CheckJob(messages, messages[0].Property("correlation_id"));
        Assert.InRange(messages[^1].Data.GetString()!.Length, 1000, 100_000);
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }

    /// <summary>
    /// Properties that the broker acts on. It accepts a user_id only from that user, CC routes the message to further
    /// queues, and an expired message is dropped.
    /// </summary>
    private static Dictionary<string, object?> BrokerProperties(Session session, string copyTo) =>
        new(session.Properties("broker properties"))
        {
            ["user_id"] = "guest",
            ["expiration"] = "600000",
            ["headers"] = new Dictionary<string, object>
            {
                ["CC"] = new[] { copyTo },
                ["BCC"] = Array.Empty<string>(),
                ["mine"] = "kept",
            },
        };

    private static int UndeliveredReplies(RunningWorker worker) =>
        worker.Logs.WithId(LogId.StatusUnroutable).Count + worker.Logs.WithId(LogId.MessageGivenUp).Count;

    private static bool IsUnsafeInALog(char character) =>
        char.IsControl(character) || character is '\u2028' or '\u2029' or '\u202e';

    private static async Task AssertOrdinaryJobRunsAsync(RunningWorker worker, Session session)
    {
        var id = session.Send(worker.Name, "{}");
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal("started", messages[0].Status);
        Assert.All(messages, message => Assert.Equal(id, message.Property("correlation_id")));
    }
}
