using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using My.Step_1.Tests;
using RabbitMQ.Client;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

// one after the other: some close all requesters' connections
[Collection("requesters")]
public sealed partial class JobClientTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private static readonly string[] Junk = ["", "{", "[]", "{}", """{"status":7}""", """{"status":"\ud800"}""", """{"status":"done"}"""];
    private const string Sends = "requester\"", Hears = "requester, replies\"";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SendAsync_JobWithOutputAndNotification_YieldsAllInTheOrderOfSending()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            for (var i = 0; i < 300; i++) await turn.OutputAsync($"line {i}");
            await turn.NotifyAsync("irc", """{"slug":"s","message":"m","phase":"completed","target":["#ops"]}""");
            await turn.StatusAsync("""{"status":"completed","data":{"frobbed":1}}""");
        });
        await using var client = Client();

        var heard = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.IsType<JobEvent.Started>(heard[0]);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"line {i}"), heard[1..301].Cast<JobEvent.Output>().Select(one => one.Line));
        var notification = Assert.IsType<JobEvent.Notification>(heard[301]);
        Assert.Equal(("irc", "s", "m", Phase.Completed, "#ops"), (notification.Channel, notification.Slug, notification.Message, notification.Phase, notification.Targets.Single()));
        Assert.Equal("""{"frobbed":1}""", Assert.IsType<JobEvent.Completed>(heard[302]).Data.GetRawText());
        Assert.Equal(303, heard.Count);
    }

    [Fact]
    public async Task SendAsync_ManyJobsAtOnce_EachHearsItsOwn()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.OutputAsync(turn.Job.CorrelationId!);
            await turn.CompleteAsync();
        });
        await using var client = Client();

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.RunAsync(Job(worker), Cancel)));

        Assert.All(results, result => Assert.Equal([result.CorrelationId], result.Output));
        Assert.Equal(100, results.Select(one => one.CorrelationId).Distinct().Count());
    }

    [Fact]
    public async Task SendAsync_CopiesOfMessages_AreDropped()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StatusAsync("""{"status":"started"}""", "a");
            await turn.OutputAsync("one", "b");
            await turn.OutputAsync("one", "b");
            await turn.StatusAsync("""{"status":"started"}""", "a");
            await turn.StatusAsync("""{"status":"started"}""");
            await turn.OutputAsync("one", "c");
            await turn.StatusAsync("""{"status":"completed"}""", "d");
            await turn.StatusAsync("""{"status":"completed"}""", "d");
        });
        await using var client = Client();

        var heard = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.Equal(["Started", "Output", "Output", "Completed"], heard.Select(one => one.GetType().Name));
    }

    [Fact]
    public async Task SendAsync_ConnectionsClosedDuringTheJob_NothingIsLostOrTwice()
    {
        var closed = new TaskCompletionSource();
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StatusAsync("""{"status":"started"}""", "s");
            for (var i = 0; i < 50; i++) await turn.OutputAsync($"line {i}", $"o{i}");
            await closed.Task;
            // sent while the requester has no connection
            for (var i = 50; i < 100; i++) await turn.OutputAsync($"line {i}", $"o{i}");
            await turn.StatusAsync("""{"status":"completed"}""", "c");
        });
        await using var client = Client();

        var heard = new List<JobEvent>();
        await foreach (var one in client.SendAsync(Job(worker), Cancel))
        {
            heard.Add(one);
            if (heard.Count != 20) continue;
            Assert.Equal(1, await CloseRequestersAsync(Hears));
            closed.SetResult();
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"line {i}"), heard.OfType<JobEvent.Output>().Select(one => one.Line));
        Assert.Equal(102, heard.Count);
        Assert.IsType<JobEvent.Completed>(heard[^1]);
    }

    [Fact]
    public async Task SendAsync_ConnectionsClosedAgainAndAgain_EveryJobEndsOnce()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            var id = turn.Job.CorrelationId;
            await turn.StatusAsync("""{"status":"started"}""", id + "s");
            await Task.Delay(20);
            await turn.StatusAsync("""{"status":"completed"}""", id + "c");
        });
        await using var client = Client();

        var isOver = false;
        var jobs = Parallel.ForAsync(0, 10, Cancel, async (_, cancel) =>
        {
            while (!isOver)
            {
                var heard = await client.SendAsync(Job(worker), cancel).ToListAsync(cancel);
                Assert.Equal(["Started", "Completed"], heard.Select(one => one.GetType().Name));
            }
        });
        var closed = 0;
        for (var i = 0; i < 4; i++) closed += await CloseRequestersAsync(i % 2 == 0 ? Sends : Hears);
        isOver = true;

        await jobs;
        Assert.True(closed > 1);
    }

    [Fact]
    public async Task SendAsync_NoSuchQueue_SaysSoAtOnce()
    {
        await using var client = Client();
        var watch = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(() => client.RunAsync(new JobRequest { Queue = "nobody", Timeout = Long }, Cancel));

        Assert.Equal("queue worker.nobody does not exist: is the worker running, and is this its queue?", error.Message);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
    }

    /// <summary>Broker and worker start together, and the broker took longer than a queue is waited for.</summary>
    [Fact]
    public async Task SendAsync_QueueThatComesSoonAfterTheBroker_IsWaitedFor()
    {
        await using var wire = new Contract.TestWire(broker.Amqp);
        wire.Cut(stayDown: true);
        await using var client = new JobClient(wire.Amqp.AbsoluteUri, new JobClientOptions { QueueTimeout = TimeSpan.FromSeconds(2) });
        var queue = BrokerFixture.UniqueQueue();
        var running = client.RunAsync(new JobRequest { Queue = queue, Timeout = Long }, Cancel);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);

        wire.Resume();
        await Task.Delay(TimeSpan.FromSeconds(0.5), Cancel);
        Assert.False(running.IsCompleted);
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync(), queue);

        await running;
    }

    [Theory]
    [InlineData(false, "no worker has started it")]
    [InlineData(true, "a worker has started it and not finished it")]
    public async Task SendAsync_NoEndInTime_TimesOutAndSaysHowFarItCame(bool starts, string state)
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => starts ? turn.StartAsync() : Task.CompletedTask);
        await using var client = Client();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.RunAsync(Job(worker, TimeSpan.FromSeconds(2)), Cancel));

        Assert.Equal($"no answer from worker.{worker.Queue} within 2 s: {state}", error.Message);
    }

    [Fact]
    public async Task SendAsync_NoBroker_TimesOutAndSaysWhatWasTried()
    {
        await using var client = new JobClient("amqp://guest:secret@127.0.0.1:1/");

        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.RunAsync(new JobRequest { Queue = "q", Timeout = TimeSpan.FromSeconds(1) }, Cancel));

        Assert.Matches(@"^no answer from worker\.q within 1 s: tried amqp://guest@127\.0\.0\.1:1/%2F \d times?: Connection refused", error.Message);
    }

    [Fact]
    public async Task SendAsync_WrongPassword_TimesOutAndSaysWhatWasRefused()
    {
        var wrong = new UriBuilder(broker.Amqp) { Password = "wr0ng" }.Uri;
        await using var client = new JobClient(wrong.AbsoluteUri);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.RunAsync(new JobRequest { Queue = "q", Timeout = TimeSpan.FromSeconds(2) }, Cancel));

        Assert.Contains("the broker rejected the user name or password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_Cancelled_StopsWaitingAndTheClientGoesOn()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            if (!turn.Body.Contains("hang", StringComparison.Ordinal)) await turn.CompleteAsync();
        });
        await using var client = Client();
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.SendAsync(new JobRequest { Queue = worker.Queue, Group = "hang" }, source.Token)) await source.CancelAsync();
        });

        await client.RunAsync(Job(worker), Cancel);
    }

    [Fact]
    public async Task RunAsync_FailedReply_ThrowsTheReason()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.StatusAsync("""{"status":"failed","data":"no widget"}""");
        });
        await using var client = Client();

        var error = await Assert.ThrowsAsync<JobFailedException>(() => client.RunAsync(Job(worker), Cancel));

        Assert.Equal("no widget", error.Message);
    }

    [Fact]
    public async Task RunAsync_Typed_ReadsTheData()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.StatusAsync("""{"status":"completed","data":{"count":3}}"""));
        await using var client = Client();

        Assert.Equal(3, (await client.RunAsync<Frobbed>(Job(worker), FrobJson.Default, Cancel)).Count);
    }

    [Fact]
    public async Task AddJobClient_InAHost_GoesWhereTheConfigurationSays()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:rabbitmq", broker.Amqp.AbsoluteUri)]);
        builder.AddJobClient(options => options.FollowOutput = false);
        using var host = builder.Build();
        await using var client = host.Services.GetRequiredService<JobClient>();

        Assert.Equal(JsonValueKind.Undefined, (await client.RunAsync(Job(worker), Cancel)).Data.ValueKind);
    }

    [Theory]
    [InlineData("ConnectionStrings:rabbitmq", "http://u:s3cr3t@host/", "ConnectionStrings:rabbitmq is not an AMQP URI; allowed: amqp://user:password@host:port/vhost")]
    [InlineData("Broker:Sever", "s3cr3t", "unknown setting Broker:Sever; allowed in Broker: Server, ")]
    public async Task AddJobClient_InvalidSetting_FailsTheStart(string key, string value, string error)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new(key, value)]);
        builder.AddJobClient();
        using var host = builder.Build();

        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancel));

        Assert.StartsWith(error, thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", thrown.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://u:s3cr3t@host/")]
    public void JobClient_InvalidUri_IsRejectedWithoutRepeatingIt(string uri)
    {
        var thrown = Assert.Throws<ArgumentException>(() => new JobClient(uri));

        Assert.StartsWith("the URI is not an AMQP URI; allowed: amqp://", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_StrangersBytesOnTheReplyQueue_AreDropped()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            foreach (var junk in Junk) await turn.StatusAsync(junk);
            await turn.NotifyAsync("irc", """{"phase":"never"}""");
            await turn.CompleteAsync();
        });
        await using var client = Client();

        var heard = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.IsType<JobEvent.Completed>(Assert.Single(heard));
    }

    [Fact]
    public async Task SendAsync_TheMessage_KeepsTheContract()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        await using var client = Client();
        using var activity = new Activity("release").SetIdFormat(ActivityIdFormat.W3C).Start();

        var job = new JobRequest { Queue = worker.Queue, Group = "g", Parameters = new JsonObject { ["hosts"] = new JsonArray("a") }, Dynamic = new JsonObject { ["n"] = 1 } };
        await client.RunAsync(job, Cancel);

        var sent = Assert.Single(worker.Jobs);
        Assert.Equal("""{"group":"g","parameters":{"hosts":["a"]},"dynamic":{"n":1}}""", sent.Body);
        var properties = sent.Job;
        Assert.Equal(("application/json", DeliveryModes.Persistent, job.CorrelationId), (properties.ContentType, properties.DeliveryMode, properties.CorrelationId));
        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{26}$", properties.CorrelationId);
        Assert.NotEmpty(properties.MessageId!);
        Assert.Contains(activity.TraceId.ToHexString(), Encoding.UTF8.GetString((byte[])properties.Headers!["traceparent"]!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_JobThatBreaksTheContract_SendsNothing()
    {
        await using var client = Client();

        foreach (var (job, why) in new (JobRequest, string)[]
        {
            (new() { Queue = "" }, "the queue name has 0 bytes; allowed: 1 to 255"),
            (new() { Queue = new string('q', 249) }, "the queue name has 256 bytes; allowed: 1 to 255"),
            (new() { Queue = "q", CorrelationId = new string('é', 128) }, "the correlation id has 256 bytes; allowed: 1 to 255"),
            (new() { Queue = "q", Timeout = TimeSpan.FromDays(25) }, "the timeout is 25.00:00:00; allowed: more than 0, at most 24.00:00:00, or Timeout.InfiniteTimeSpan"),
            (new() { Queue = "q", Body = JsonValue.Create(1) }, "the job's body can't be read: it is a number; allowed: an object or a list"),
            (new() { Queue = "q", Body = JsonNode.Parse("""{"dynamic":[]}""") }, "the job's 'dynamic' is a list; allowed: an object"),
            (new() { Queue = "q", Notify = new JsonObject { ["end"] = new JsonObject() } }, "the job's 'notify' has a phase 'end'; allowed: started, completed, failed"),
            (new() { Queue = "q", Notify = new JsonObject { ["failed"] = new JsonObject { ["irc"] = 5 } } }, "the job's 'notify' is invalid; allowed: phase → channel → list of targets"),
            (new() { Queue = "q", Body = JsonNode.Parse("""{"notify":[]}""") }, "the job's 'notify' is invalid; allowed: phase → channel → list of targets"),
        })
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(() => client.RunAsync(job, Cancel));
            Assert.Equal(why, error.Message);
        }
    }

    [Fact]
    public async Task DisposeAsync_AfterJobs_LeavesNoQueueAndNoConnection()
    {
        var before = await RequesterConnectionsAsync();
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        var client = Client();
        await client.RunAsync(Job(worker), Cancel);
        var queue = worker.Jobs[0].Job.ReplyTo!;
        Assert.Contains(queue, await broker.RunRabbitmqctlAsync("-q", "list_queues", "name"), StringComparison.Ordinal);

        await client.DisposeAsync();

        Assert.DoesNotContain(queue, await broker.RunRabbitmqctlAsync("-q", "list_queues", "name"), StringComparison.Ordinal);
        Assert.Equal(before.Count, (await RequesterConnectionsAsync()).Count);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.RunAsync(Job(worker), Cancel));
    }

    private JobClient Client() => new(broker.Amqp.AbsoluteUri);

    private static JobRequest Job(FakeWorker worker, TimeSpan? timeout = null) => new() { Queue = worker.Queue, Timeout = timeout ?? Long };

    private async Task<int> CloseRequestersAsync(string name)
    {
        var all = await RequesterConnectionsAsync(name);
        foreach (var pid in all) await broker.RunRabbitmqctlAsync("close_connection", pid, "chaos");
        return all.Count;
    }

    private async Task<List<string>> RequesterConnectionsAsync(string name = "requester")
    {
        var lines = await broker.RunRabbitmqctlAsync("-q", "list_connections", "pid", "client_properties");
        return [.. lines.Split('\n').Where(line => line.Contains($"\"{name}", StringComparison.Ordinal)).Select(line => line.Split('\t')[0])];
    }

    internal sealed record Frobbed(int Count);

    [JsonSerializable(typeof(Frobbed))]
    internal sealed partial class FrobJson : JsonSerializerContext;
}
