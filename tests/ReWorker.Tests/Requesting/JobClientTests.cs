using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using My.Step_1.Tests;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A job from sending it to its last event.</summary>
public sealed partial class JobClientTests(BrokerFixture broker) : RequesterTest(broker)
{
    private static readonly string[] Junk =
        ["", "{", "[]", "{}", """{"status":7}""", """{"status":"\ud800"}""", """{"status":"done"}"""];

    [Fact]
    public async Task SendAsync_JobWithOutputAndNotification_YieldsThemInOrder()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            for (var i = 0; i < 300; i++) await turn.OutputAsync($"line {i}");
            await turn.NotifyAsync("irc", """{"slug":"s","message":"m","phase":"completed","target":["#ops"]}""");
            await turn.StatusAsync("""{"status":"completed","data":{"frobbed":1}}""");
        });
        await using var client = Client();

        var events = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.IsType<JobEvent.Started>(events[0]);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"line {i}"), Lines(events[1..301]));
        var (channel, slug, message, phase, targets) = Assert.IsType<JobEvent.Notification>(events[301]);
        Assert.Equal(("irc", "s", "m", Phase.Completed, "#ops"), (channel, slug, message, phase, targets.Single()));
        Assert.Equal("""{"frobbed":1}""", Assert.IsType<JobEvent.Completed>(events[302]).Data.GetRawText());
        Assert.Equal(303, events.Count);
    }

    [Fact]
    public async Task SendAsync_ManyJobsAtOnce_EachGetsItsOwnEvents()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
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
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
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

        var events = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.Equal(["Started", "Output", "Output", "Completed"], events.Select(one => one.GetType().Name));
    }

    [Fact]
    public async Task SendAsync_Cancelled_StopsWaitingAndTheClientStillWorks()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            if (!turn.Body.Contains("hang", StringComparison.Ordinal)) await turn.CompleteAsync();
        });
        await using var client = Client();
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var hanging = new JobRequest { Queue = worker.Queue, Group = "hang" };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.SendAsync(hanging, source.Token)) await source.CancelAsync();
        });

        await client.RunAsync(Job(worker), Cancel);
    }

    [Fact]
    public async Task RunAsync_Typed_ReadsTheData()
    {
        await using var worker = await FakeWorker.StartAsync(
            Broker.Amqp, turn => turn.StatusAsync("""{"status":"completed","data":{"count":3}}"""));
        await using var client = Client();

        Assert.Equal(3, (await client.RunAsync<Frobbed>(Job(worker), FrobJson.Default, Cancel)).Count);
    }

    [Fact]
    public async Task AddJobClient_InAHost_ConnectsAsConfigured()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, turn => turn.CompleteAsync());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:rabbitmq", Broker.Amqp.AbsoluteUri)]);
        builder.AddJobClient(options => options.FollowOutput = false);
        using var host = builder.Build();
        await using var client = host.Services.GetRequiredService<JobClient>();

        Assert.Equal(JsonValueKind.Undefined, (await client.RunAsync(Job(worker), Cancel)).Data.ValueKind);
    }

    [Fact]
    public async Task SendAsync_InvalidMessagesOnTheReplyQueue_AreDropped()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, async turn =>
        {
            foreach (var junk in Junk) await turn.StatusAsync(junk);
            await turn.NotifyAsync("irc", """{"phase":"never"}""");
            await turn.CompleteAsync();
        });
        await using var client = Client();

        var events = await client.SendAsync(Job(worker), Cancel).ToListAsync(Cancel);

        Assert.IsType<JobEvent.Completed>(Assert.Single(events));
    }

    [Fact]
    public async Task SendAsync_Message_FollowsTheContract()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, turn => turn.CompleteAsync());
        await using var client = Client();
        using var activity = new Activity("release").SetIdFormat(ActivityIdFormat.W3C).Start();

        var job = new JobRequest
        {
            Queue = worker.Queue,
            Group = "g",
            Parameters = new JsonObject { ["hosts"] = new JsonArray("a") },
            Dynamic = new JsonObject { ["n"] = 1 },
        };
        await client.RunAsync(job, Cancel);

        var sent = Assert.Single(worker.Jobs);
        Assert.Equal("""{"group":"g","parameters":{"hosts":["a"]},"dynamic":{"n":1}}""", sent.Body);
        var properties = sent.Job;
        Assert.Equal(("application/json", DeliveryModes.Persistent), (properties.ContentType, properties.DeliveryMode));
        Assert.Equal(job.CorrelationId, properties.CorrelationId);
        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{26}$", properties.CorrelationId);
        Assert.NotEmpty(properties.MessageId!);
        var parent = Encoding.UTF8.GetString((byte[])properties.Headers!["traceparent"]!);
        Assert.Contains(activity.TraceId.ToHexString(), parent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisposeAsync_AfterJobs_LeavesNoQueueAndNoConnection()
    {
        await using var worker = await FakeWorker.StartAsync(Broker.Amqp, turn => turn.CompleteAsync());
        await using var proxy = new Proxy([new DnsEndPoint(Broker.Amqp.Host, Broker.Amqp.Port)]);
        var uri = new UriBuilder(Broker.Amqp) { Host = "127.0.0.1", Port = proxy.Port }.Uri;
        var client = new JobClient(uri.AbsoluteUri);
        await client.RunAsync(Job(worker), Cancel);
        var queue = worker.Jobs[0].Job.ReplyTo!;
        Assert.Equal((true, 2), (await ExistsAsync(queue), proxy.Connections));

        await client.DisposeAsync();

        Assert.False(await ExistsAsync(queue));
        await Until.TrueAsync(() => proxy.Connections == 0, "no open connection");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.RunAsync(Job(worker), Cancel));
    }

    private async Task<bool> ExistsAsync(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = Broker.Amqp }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        try
        {
            await channel.QueueDeclarePassiveAsync(queue, Cancel);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode is 404)
        {
            return false;
        }
    }

    internal sealed record Frobbed(int Count);

    [JsonSerializable(typeof(Frobbed))]
    internal sealed partial class FrobJson : JsonSerializerContext;
}
