using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using My.Step_1.Tests;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Tests.Operations;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>Each failure has its exception, and a message that names the cause.</summary>
public sealed class JobClientErrorTests(BrokerFixture broker) : RequesterTest(broker)
{
    [Fact]
    public async Task SendAsync_QueueDoesNotExist_FailsAtOnce()
    {
        // a client that waited for the queue would wait for ever
        var (client, _) = Client(new FakeTimeProvider());
        await using var disposing = client;

        var job = new JobRequest { Queue = "nobody", Timeout = Patience };
        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(
            () => client.RunAsync(job, Cancel).WaitAsync(Patience, Cancel));

        Assert.Equal(
            "queue worker.nobody does not exist: is the worker running, and is this its queue?", error.Message);
    }

    [Theory]
    [InlineData(false, "no worker has started it")]
    [InlineData(true, "a worker has started it and not finished it")]
    public async Task SendAsync_NoEndInTime_TimesOutWithTheStateOfTheJob(bool starts, string state)
    {
        await using var worker = await FakeWorker.StartAsync(
            Broker.Amqp, turn => starts ? turn.StartAsync() : Task.CompletedTask);
        var time = new FakeTimeProvider();
        var (client, _) = Client(time);
        await using var disposing = client;

        using var release = new Activity("release") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        using var spans = new Spans(release.TraceId);

        var job = Job(worker, TimeSpan.FromSeconds(2));
        await using var events = client.SendAsync(job, Cancel).GetAsyncEnumerator(Cancel);
        if (starts) Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync().AsTask();
        // the span of the sending ends with the broker's confirm
        await Until.TrueAsync(() => spans.All.Count == 1, "the confirm");
        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        var error = await Assert.ThrowsAsync<TimeoutException>(() => next.WaitAsync(Patience, Cancel));

        Assert.Equal($"no answer from worker.{worker.Queue} within 2 s: {state}", error.Message);
    }

    [Fact]
    public async Task SendAsync_NoBroker_TimesOutWithTheReason()
    {
        var error = await TimeOutAsync(new Uri("amqp://guest:secret@127.0.0.1:1/"));

        const string tried = @"tried amqp://guest@127\.0\.0\.1:1/%2F (1 time|2 times): Connection refused";
        Assert.Matches(@$"^no answer from worker\.q within 1 s: {tried}", error.Message);
    }

    [Fact]
    public async Task SendAsync_WrongPassword_TimesOutWithTheReason()
    {
        var error = await TimeOutAsync(new UriBuilder(Broker.Amqp) { Password = "wr0ng" }.Uri);

        Assert.Contains("the broker rejected the user name or password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_FailedReply_ThrowsTheReason()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.StatusAsync("""{"status":"failed","data":"no widget"}""");
        });
        await using var client = Client();

        var error = await Assert.ThrowsAsync<JobFailedException>(() => client.RunAsync(Job(worker), Cancel));

        Assert.Equal("no widget", error.Message);
    }

    [Theory]
    [InlineData(
        "ConnectionStrings:rabbitmq", "http://u:s3cr3t@host/",
        "ConnectionStrings:rabbitmq is not an AMQP URI; allowed: amqp://user:password@host:port/vhost")]
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
    public async Task SendAsync_InvalidJob_IsRejectedBeforeItIsSent()
    {
        await using var client = Client();

        foreach (var (job, why) in new (JobRequest, string)[]
        {
            (new() { Queue = "" }, "the queue name has 0 bytes; allowed: 1 to 255"),
            (new() { Queue = new string('q', 249) }, "the queue name has 256 bytes; allowed: 1 to 255"),
            (new() { Queue = "q", CorrelationId = new string('é', 128) },
                "the correlation id has 256 bytes; allowed: 1 to 255"),
            (new() { Queue = "q", Timeout = TimeSpan.FromDays(25) },
                "the timeout is 25.00:00:00; allowed: more than 0, at most 24.00:00:00, or Timeout.InfiniteTimeSpan"),
            (new() { Queue = "q", Body = JsonValue.Create(1) },
                "the job's body can't be read: it is a number; allowed: an object or a list"),
            (new() { Queue = "q", Body = JsonNode.Parse("""{"dynamic":[]}""") },
                "the job's 'dynamic' is a list; allowed: an object"),
            (new() { Queue = "q", Body = JsonNode.Parse("""{"notify":[]}""") },
                "the job's 'notify' is invalid; allowed: phase → channel → list of targets"),
            (new() { Queue = "q", Notify = new JsonObject { ["end"] = new JsonObject() } },
                "the job's 'notify' has a phase 'end'; allowed: started, completed, failed"),
            (new() { Queue = "q", Notify = new JsonObject { ["failed"] = new JsonObject { ["irc"] = 5 } } },
                "the job's 'notify' is invalid; allowed: phase → channel → list of targets"),
        })
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(() => client.RunAsync(job, Cancel));
            Assert.Equal(why, error.Message);
        }
    }

    /// <summary>Sends a job and lets its second pass as soon as the client has failed to connect.</summary>
    private async Task<TimeoutException> TimeOutAsync(Uri amqp)
    {
        var time = new FakeTimeProvider();
        var (client, troubles) = Client(time, amqp);
        await using var disposing = client;
        var job = new JobRequest { Queue = "q", Timeout = TimeSpan.FromSeconds(1) };
        var waiting = client.RunAsync(job, Cancel);
        await Until.TrueAsync(() => !troubles.IsEmpty, "the failed attempt");
        time.Advance(job.Timeout);
        return await Assert.ThrowsAsync<TimeoutException>(() => waiting.WaitAsync(Patience, Cancel));
    }
}
