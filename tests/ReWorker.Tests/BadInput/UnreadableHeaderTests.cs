using System.Text;
using RabbitMQ.Client;
using ReWorker.Client;
using ReWorker.Tests.CommandLine;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>
/// A message whose headers RabbitMQ.Client cannot decode. The client would close the connection before any handler
/// runs, again and again.
/// </summary>
public sealed class UnreadableHeaderTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly byte[] Body = "{}"u8.ToArray();

    [Fact]
    public async Task Job_HeaderUnreadable_IsParkedWhileTheOthersRun()
    {
        await using var worker = await StartAsync(job => job.Body);
        await using var session = await Bus.OpenAsync();
        await using var hostile = await HostilePublisher.OpenAsync(Bus.Amqp);

        await hostile.PublishDecimalAsync("", worker.Queue, PropertiesOf("bad", session), Body);
        await hostile.PublishNestedAsync(worker.Queue, PropertiesOf("deep", session), Body, levels: 3000);
        var good = session.Send(worker.Name, """{"neighbour":1}""");
        var messages = new List<ReceivedMessage>();
        for (var job = 0; job < 3; job++) messages.AddRange(await session.ReceiveUntilTerminalAsync(Cancel));

        var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);
        Rules.CheckJob([.. messages.Where(message => message.Property("correlation_id") == good)], good);
        var reply = messages.Single(message => message.Property("correlation_id") == "bad");
        const string reason = "the message's headers can't be read: 'bad' is a decimal with a scale of 30 (allowed: 28)";
        Assert.Equal(("failed", reason), (reply.Status, reply.Data.GetString()));
        Assert.Equal(reason, parked.Header("x-reworker-reason"));
        Assert.Single(worker.Logs.WithId(LogId.Consuming)); // the connection was never lost
    }

    [Fact]
    public async Task DeadVerb_HeaderUnreadable_ListsAndDropsTheJob()
    {
        await using var worker = await StartAsync(job => job.Body);
        await using var hostile = await HostilePublisher.OpenAsync(Bus.Amqp);
        await hostile.PublishDecimalAsync("", worker.DeadQueue, new BasicProperties { CorrelationId = "bad" }, Body);
        string[] settings = [$"--ConnectionStrings:rabbitmq={Bus.Amqp}", "--queue", worker.Name];

        var list = await Call.Async(["dead", "list", .. settings]);
        var drop = await Call.Async(["dead", "drop", "bad", .. settings]);

        Assert.Equal((0, 0), (list.Code, drop.Code));
        Assert.Contains("bad", list.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 dropped", drop.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobClient_ReplyQueueReceivesAnUnreadableHeader_StillGetsItsReply()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await using var hostile = await HostilePublisher.OpenAsync(Bus.Amqp);
            await hostile.PublishDecimalAsync("re", "output", new BasicProperties { CorrelationId = "x" }, Body);
            await hostile.PublishDecimalAsync("", job.ReplyTo!, new BasicProperties { CorrelationId = "x" }, Body);
            return null;
        });
        await using var client = new JobClient(Bus.Amqp.AbsoluteUri);

        var result = await client.RunAsync(new JobRequest { Queue = worker.Name }, Cancel);

        Assert.True(result.Elapsed < TimeSpan.FromSeconds(10), $"it took {result.Elapsed}");
    }

    private static BasicProperties PropertiesOf(string id, Session session) =>
        new() { CorrelationId = id, ReplyTo = session.ReplyTo };
}
