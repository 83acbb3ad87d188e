using System.Text;
using My.Step_1.Tests;
using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.CommandLine;

public sealed class DeadTests(BrokerFixture broker) : IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private readonly string _queue = BrokerFixture.UniqueQueue();
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    private string Worker => $"worker.{_queue}";

    private string Parked => $"{Worker}.dead";

    public async ValueTask InitializeAsync()
    {
        _connection = await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync();
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        // with the delivery limit that the broker gives a queue by itself
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await _channel.QueueDeclareAsync(Worker, durable: true, exclusive: false, autoDelete: false, quorum);
        await _channel.QueueDeclareAsync(Parked, durable: true, exclusive: false, autoDelete: false, quorum);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.QueueDeleteAsync(Worker);
        await _channel.QueueDeleteAsync(Parked);
        await _connection.DisposeAsync();
    }

    [Fact]
    public async Task List_ParkedJobs_OldestFirstWithTheReason()
    {
        await ParkAsync(2);

        var call = await DeadAsync("list");

        Assert.Equal(0, call.Code);
        Assert.Equal($"{Parked} holds 2 jobs", call.Lines[0]);
        Assert.Matches("^ #  id        parked                attempts  job {25}reason$", call.Lines[1]);
        Assert.Matches(@"^ 1  [0-9a-f]{8}  2026-01-02 03:04:05Z  3         job-0 {23}gave up ⏎ 0$", call.Lines[2]);
    }

    [Fact]
    public async Task List_DeadLetteredByTheBroker_SaysSo()
    {
        var source = $"{Worker}.expiring";
        await _channel.QueueDeclareAsync(source, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = Parked, ["x-message-ttl"] = 1, ["x-expires"] = 60_000,
        }, cancellationToken: TestContext.Current.CancellationToken);
        await _channel.BasicPublishAsync("", source, mandatory: true, new BasicProperties(), "{}"u8.ToArray(), TestContext.Current.CancellationToken);
        await WaitAsync(Parked, 1);

        var call = await DeadAsync("list");

        Assert.Contains($"(no correlation id)         dead-lettered by the broker: expired in {source}", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_AgainAndAgain_LosesNothingAndKeepsTheOrder()
    {
        await ParkAsync(5);
        var first = await DeadAsync("list");

        // a quorum queue drops after 20 reads what nobody puts in anew
        for (var i = 0; i < 30; i++) await DeadAsync("list");

        Assert.Equal(first.Output, (await DeadAsync("list")).Output);
        Assert.Equal(5u, await CountAsync(Parked));
    }

    [Fact]
    public async Task Show_OneJob_ShowsItsMessage()
    {
        await ParkAsync(2);

        var call = await DeadAsync("show", "job-1");

        Assert.Equal(0, call.Code);
        Assert.Contains(" job         job-1\n", call.Output, StringComparison.Ordinal);
        Assert.Contains(" │ {\n │   \"n\": 1\n │ }\n", call.Output, StringComparison.Ordinal);
        Assert.Equal(2u, await CountAsync(Parked));
    }

    [Theory]
    [InlineData("1", "job-1", "job-3")]
    [InlineData("2", "job-0", "job-3")]
    public async Task Replay_Some_TheOthersStayInOrder(string number, params string[] left)
    {
        await ParkAsync(4);

        var call = await DeadAsync("replay", number, "job-2");

        Assert.Equal(0, call.Code);
        Assert.EndsWith($"{Parked}: 2 of 4 replayed\n", call.Output, StringComparison.Ordinal);
        Assert.Equal(left, (await TakeAllAsync(Parked)).Select(one => one.BasicProperties.CorrelationId));
        var replayed = await TakeAllAsync(Worker);
        Assert.Equal(2, replayed.Count);
        Assert.Equal("job-2", replayed[1].BasicProperties.CorrelationId);
    }

    [Fact]
    public async Task Replay_AJob_ComesLikeNew()
    {
        await ParkAsync(1);

        await DeadAsync("replay", "--all");

        var job = Assert.Single(await TakeAllAsync(Worker));
        Assert.Equal("""{"n":0}""", Encoding.UTF8.GetString(job.Body.Span));
        Assert.Equal(("job-0", "reply", DeliveryModes.Persistent), (job.BasicProperties.CorrelationId, job.BasicProperties.ReplyTo, job.BasicProperties.DeliveryMode));
        // the client numbers what it publishes, the broker what it delivers
        Assert.Equal(["own"], job.BasicProperties.Headers!.Keys.Except(["x-dotnet-pub-seq-no", "x-delivery-count"]));
        Assert.StartsWith("replay:", job.BasicProperties.MessageId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_ById_DropsThatOne()
    {
        await ParkAsync(3);
        var id = (await DeadAsync("list")).Lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

        var call = await DeadAsync("drop", id);

        Assert.Equal((0, $" dropped   {id}  job-1\n{Parked}: 1 of 3 dropped\n"), (call.Code, call.Output));
        Assert.Equal(["job-0", "job-2"], (await TakeAllAsync(Parked)).Select(one => one.BasicProperties.CorrelationId));
    }

    /// <summary>A requester that numbers its jobs: what is meant is the number that `dead list` shows.</summary>
    [Fact]
    public async Task Drop_ByNumber_LeavesTheJobThatIsCalledSo()
    {
        await ParkAsync(3, i => $"{3 - i}");

        var call = await DeadAsync("drop", "1");

        Assert.Equal(0, call.Code);
        Assert.Equal(["2", "1"], (await TakeAllAsync(Parked)).Select(one => one.BasicProperties.CorrelationId));
    }

    [Fact]
    public async Task Drop_WhatIsNotThere_EndsWith1AndSaysWhich()
    {
        await ParkAsync(1);

        var call = await DeadAsync("drop", "7", "1");

        Assert.Equal((1, $"no parked job '7' in {Parked}; `dead list` shows them\n"), (call.Code, call.Error));
        Assert.Equal(0u, await CountAsync(Parked));
    }

    [Fact]
    public async Task Replay_NoSuchQueue_LosesNothing()
    {
        await ParkAsync(2);
        await _channel.QueueDeleteAsync(Worker, cancellationToken: TestContext.Current.CancellationToken);

        var call = await DeadAsync("replay", "--all");

        Assert.Equal((64, $"no queue {Worker} to replay to: a worker creates it when it starts\n"), (call.Code, call.Error));
        Assert.Equal(["job-0", "job-1"], (await TakeAllAsync(Parked)).Select(one => one.BasicProperties.CorrelationId));
    }

    [Fact]
    public async Task Replay_ConnectionLostHalfWay_LosesNothingAndGoesOnTheNextTime()
    {
        await ParkAsync(60);
        var output = new Interrupting(20, CloseDeadAsync);

        var cut = await Call.WithOutputAsync(output, "", ["dead", "replay", "--all", "--queue", _queue, Uri]);

        Assert.Equal(2, cut.Code);
        Assert.Equal("the broker: CONNECTION_FORCED - chaos\n", cut.Error);
        await WaitAsync(Parked, 40);
        Assert.Equal(0, (await DeadAsync("replay", "--all")).Code);
        Assert.Equal(Enumerable.Range(0, 60).Select(n => $"job-{n}"), (await TakeAllAsync(Worker)).Select(one => one.BasicProperties.CorrelationId!).Distinct());
        Assert.Equal(0u, await CountAsync(Parked));
    }

    [Fact]
    public async Task Dead_NoSuchQueue_SaysSo()
    {
        var call = await Call.Async("dead", "list", "--queue", "nobody", Uri);

        Assert.Equal((64, "no queue worker.nobody.dead: a worker creates it when it starts; check --queue NAME\n"), (call.Code, call.Error));
    }

    private string Uri => $"--ConnectionStrings:rabbitmq={broker.Amqp.AbsoluteUri}";

    private async Task<Call> DeadAsync(params string[] args)
    {
        var call = await Call.Async(["dead", .. args, "--queue", _queue, Uri]);
        // a quorum queue takes back what a closed channel held a moment after the close
        await Task.Delay(100);
        return call;
    }

    private async Task ParkAsync(int count, Func<int, string>? name = null)
    {
        for (var n = 0; n < count; n++)
        {
            var properties = new BasicProperties
            {
                CorrelationId = name?.Invoke(n) ?? $"job-{n}", ReplyTo = "reply", MessageId = $"m{n}", UserId = "guest", Expiration = "600000",
                Headers = new Dictionary<string, object?>
                {
                    ["x-reworker-reason"] = $"gave up\n{n}", ["x-reworker-parked-at"] = "2026-01-02T03:04:05.0000000+00:00", ["x-reworker-attempts"] = 3,
                    ["x-reworker-queue"] = Worker, ["own"] = "kept",
                },
            };
            await _channel.BasicPublishAsync("", Parked, mandatory: true, properties, Encoding.UTF8.GetBytes($$"""{"n":{{n}}}"""));
        }
    }

    private async Task<List<BasicGetResult>> TakeAllAsync(string queue)
    {
        var all = new List<BasicGetResult>();
        while (await _channel.BasicGetAsync(queue, autoAck: true) is { } one) all.Add(one);
        return all;
    }

    private Task<uint> CountAsync(string queue) => _channel.MessageCountAsync(queue);

    private async Task WaitAsync(string queue, uint count)
    {
        for (var i = 0; i < 100 && await CountAsync(queue) < count; i++) await Task.Delay(100);
    }

    private async Task CloseDeadAsync()
    {
        var lines = await broker.RunRabbitmqctlAsync("-q", "list_connections", "pid", "client_properties");
        foreach (var line in lines.Split('\n').Where(line => line.Contains("\"dead\"", StringComparison.Ordinal)))
            await broker.RunRabbitmqctlAsync("close_connection", line.Split('\t')[0], "chaos");
    }

    /// <summary>Cuts in after so many lines.</summary>
    private sealed class Interrupting(int after, Func<Task> cut) : StringWriter
    {
        private int _lines;

        public override void WriteLine()
        {
            base.WriteLine();
            if (++_lines == after) cut().Wait();
        }
    }
}
