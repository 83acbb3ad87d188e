using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>A reply cannot reach its requester, or must not be sent.</summary>
internal static class Replies
{
    public static Fault[] Rows { get; } =
    [
        new(
            "no-right-on-default-exchange",
            "set_permissions without write on the default exchange, and close_all_connections: replies are rejected "
            + "until the permission is back")
        {
            Remedy = [Remedies.Resend],
            Inject = async bench =>
            {
                await bench.PermitAsync(write: "^(re|worker.*)$");
                // an open channel may use the old permission from its cache
                await bench.CloseConnectionsAsync();
                var job = await bench.SendAsync(seconds: 1);
                await bench.UntilSaidAsync("amq.default", within: 30);
                await Task.Delay(4000);
                await bench.PermitAsync();
                bench.Over();
                await CompletedAsync(job, within: 20);
            },
            RecoversWithin = 15,
        },

        new("reply-queue-gone", "the requester's queue is deleted while its job runs")
        {
            On = On.Every,
            Remedy = [Remedies.Mandatory],
            Inject = async bench =>
            {
                await bench.DeclareQueueAsync("gone");
                await bench.SendUnansweredAsync("""{"parameters":{"do":"sleep","seconds":5}}""", replyTo: "gone");
                await bench.Requester.OnChannelAsync(async channel =>
                {
                    await UntilAsync(
                        "started", 10, async () => (await channel.QueueDeclarePassiveAsync("gone")).MessageCount == 1);
                    await channel.QueueDeleteAsync("gone");
                });
                await Task.Delay(5500);
                bench.Then(async () => Check(
                    await bench.Worker.MetricAsync("reworker_publish_unroutable_total", "kind=\"status\"") == 1,
                    "the unroutable reply was not counted"));
            },
            CleanWithin = 5,
            Reconnects = 0,
        },

        new(
            "reply-queue-full",
            "the requester's queue takes one message and rejects the rest, and is read 5 s later; other jobs run")
        {
            On = On.Every,
            Remedy = [Remedies.Nacked],
            Inject = async bench =>
            {
                await bench.DeclareQueueAsync("full", ("x-max-length", 1), ("x-overflow", "reject-publish"));
                await bench.SendUnansweredAsync("{}", replyTo: "full");
                foreach (var job in await bench.SendManyAsync(10)) await CompletedAsync(job, within: 10);
                await Task.Delay(5000);
                await bench.SettledAsync(running: 1);
                bench.Over();
                await bench.Requester.OnChannelAsync(ReadFullAsync);
            },
            CleanWithin = 5,
            Reconnects = 0,
        },

        new(
            "reply-to-rules",
            "reply_to is absent, empty, 255 bytes, the worker's own queue, worker.other, amq.rabbitmq.reply-to.x, "
            + "an emoji")
        {
            On = On.Every,
            Remedy = [Remedies.ReplyRules],
            Inject = OddReplyToAsync,
            CleanWithin = 5,
        },

        new("direct-reply-to-gone", "a requester on amq.rabbitmq.reply-to disconnects while its job runs")
        {
            On = On.Every,
            NoRemedy = "the broker drops such a reply and confirms it",
            Inject = async bench =>
            {
                await using (var connection = await bench.ConnectAsync())
                    await AskDirectlyAsync(await connection.CreateChannelAsync());
                await Task.Delay(2500);
            },
            CleanWithin = 5,
            Reconnects = 0,
        },
    ];

    private static async Task ReadFullAsync(IChannel channel)
    {
        var heard = new List<string>();
        await UntilAsync("answered", 10, async () =>
        {
            if (await channel.BasicGetAsync("full", autoAck: true) is { } reply)
                heard.Add(Encoding.UTF8.GetString(reply.Body.Span));
            return heard.Count == 2;
        });
        Check(heard is ["""{"status":"started"}""", """{"status":"completed"}"""], string.Join(", ", heard));
    }

    private static async Task OddReplyToAsync(Bench bench)
    {
        const string body = """{"parameters":{"do":"sleep"}}""";
        string[] odd =
            ["", new('r', 255), Queue, "worker.other", "amq.rabbitmq.reply-to.g1h2.none", "amq.gen-none", "\U0001F4A5"];
        var isNew = bench.Broker.Kind is On.V43;
        await bench.DeclareQueueAsync("worker.other");
        foreach (var replyTo in odd) await bench.SendUnansweredAsync(body, replyTo);
        await bench.SendUnansweredAsync(body, craft: properties => properties.ClearReplyTo());
        // up to 4.0 the broker fails on a direct reply-to that it cannot parse, and closes the connection each time,
        // until the worker identifies the message and gives it up
        await bench.RecoverAsync(within: isNew ? 20 : 40);
        bench.Then(async () =>
        {
            Check((await bench.QueueAsync("worker.other")).Ready == 0, "another worker's queue has replies");
            Check(!isNew || await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
            var fresh = await bench.Worker.MetricAsync("reworker_deliveries_total", "fresh");
            Check(fresh <= bench.Jobs, "the worker sent itself jobs");
        });
    }

    private static async Task AskDirectlyAsync(IChannel channel)
    {
        var heard = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, _) => { heard.TrySetResult(); return Task.CompletedTask; };
        await channel.BasicConsumeAsync("amq.rabbitmq.reply-to", autoAck: true, consumer);
        var properties = new BasicProperties { CorrelationId = "direct", ReplyTo = "amq.rabbitmq.reply-to" };
        var body = """{"parameters":{"seconds":2}}"""u8.ToArray();
        await channel.BasicPublishAsync("", Queue, mandatory: true, properties, body);
        await heard.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }
}
