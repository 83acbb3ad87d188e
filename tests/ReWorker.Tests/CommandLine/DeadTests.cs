using System.Text;
using My.Step_1.Tests;
using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.CommandLine;

public sealed class DeadTests(BrokerFixture broker) : IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private ParkedJobs _jobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Uri => $"--ConnectionStrings:rabbitmq={broker.Amqp.AbsoluteUri}";

    public async ValueTask InitializeAsync() => _jobs = await ParkedJobs.CreateAsync(broker.Amqp);

    public ValueTask DisposeAsync() => _jobs.DisposeAsync();

    [Fact]
    public async Task List_ParkedJobs_ShowsThemOldestFirstWithTheReason()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("list");

        Assert.Equal(0, call.Code);
        Assert.Equal($"{_jobs.Parked} holds 2 jobs", call.Lines[0]);
        Assert.Matches("^ #  id        parked                attempts  job {25}reason$", call.Lines[1]);
        Assert.Matches(@"^ 1  [0-9a-f]{8}  2026-01-02 03:04:05Z  3         job-0 {23}gave up ⏎ 0$", call.Lines[2]);
    }

    [Fact]
    public async Task List_DeadLetteredByTheBroker_ShowsTheBrokersReason()
    {
        var source = $"{_jobs.Worker}.expiring";
        var arguments = new Dictionary<string, object?>
        {
            ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = _jobs.Parked,
            ["x-message-ttl"] = 1, ["x-expires"] = 60_000,
        };
        await _jobs.Channel.QueueDeclareAsync(
            source, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: Cancel);
        await _jobs.Channel.BasicPublishAsync(
            "", source, mandatory: true, new BasicProperties(), "{}"u8.ToArray(), Cancel);
        await _jobs.WaitAsync(1);

        var call = await DeadAsync("list");

        Assert.Contains(
            $"(no correlation id)         dead-lettered by the broker: expired in {source}",
            call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_BeyondTheDeliveryLimit_LosesNothingAndKeepsTheOrder()
    {
        await _jobs.ParkAsync(5);
        var first = await ListAsync(5);

        // a quorum queue drops a message after 20 reads, unless it is published again
        for (var i = 0; i < 21; i++) await ListAsync(5);

        Assert.Equal(first.Output, (await ListAsync(5)).Output);
        Assert.Equal(5u, await _jobs.CountAsync());
    }

    [Fact]
    public async Task Show_CorrelationId_ShowsTheMessage()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("show", "job-1");
        await _jobs.WaitAsync(2);

        Assert.Equal(0, call.Code);
        Assert.Contains(" job         job-1\n", call.Output, StringComparison.Ordinal);
        Assert.Contains(" │ {\n │   \"n\": 1\n │ }\n", call.Output, StringComparison.Ordinal);
        Assert.Equal(2u, await _jobs.CountAsync());
    }

    [Theory]
    [InlineData("1", "job-1", "job-3")]
    [InlineData("2", "job-0", "job-3")]
    public async Task Replay_SomeJobs_KeepsTheOthersInOrder(string number, params string[] left)
    {
        await _jobs.ParkAsync(4);

        var call = await DeadAsync("replay", number, "job-2");

        Assert.Equal(0, call.Code);
        Assert.EndsWith($"{_jobs.Parked}: 2 of 4 replayed\n", call.Output, StringComparison.Ordinal);
        Assert.Equal(left, await _jobs.TakeIdsAsync(_jobs.Parked, 2));
        var replayed = await _jobs.TakeAllAsync(_jobs.Worker, 2);
        Assert.Equal(2, replayed.Count);
        Assert.Equal("job-2", replayed[1].BasicProperties.CorrelationId);
    }

    [Fact]
    public async Task Replay_ParkedJob_PublishesItWithoutItsHistory()
    {
        await _jobs.ParkAsync(1);

        await DeadAsync("replay", "--all");

        var job = Assert.Single(await _jobs.TakeAllAsync(_jobs.Worker, 1));
        Assert.Equal("""{"n":0}""", Encoding.UTF8.GetString(job.Body.Span));
        var properties = job.BasicProperties;
        Assert.Equal(
            ("job-0", "reply", DeliveryModes.Persistent),
            (properties.CorrelationId, properties.ReplyTo, properties.DeliveryMode));
        // the client adds the first header, and the broker the second
        Assert.Equal(["own"], properties.Headers!.Keys.Except(["x-dotnet-pub-seq-no", "x-delivery-count"]));
        Assert.StartsWith("replay:", properties.MessageId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_Id_DeletesThatJob()
    {
        await _jobs.ParkAsync(3);
        var id = (await ListAsync(3)).Lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

        var call = await DeadAsync("drop", id);

        Assert.Equal((0, $" dropped   {id}  job-1\n{_jobs.Parked}: 1 of 3 dropped\n"), (call.Code, call.Output));
        Assert.Equal(["job-0", "job-2"], await _jobs.TakeIdsAsync(_jobs.Parked, 2));
    }

    /// <summary>Even if the requester uses numbers as correlation ids, a number is that of `dead list`.</summary>
    [Fact]
    public async Task Drop_NumberThatIsAlsoACorrelationId_DeletesTheJobAtThatNumber()
    {
        await _jobs.ParkAsync(3, i => $"{3 - i}");

        var call = await DeadAsync("drop", "1");

        Assert.Equal(0, call.Code);
        Assert.Equal(["2", "1"], await _jobs.TakeIdsAsync(_jobs.Parked, 2));
    }

    [Fact]
    public async Task Drop_UnknownJob_ExitsWith1AndNamesIt()
    {
        await _jobs.ParkAsync(1);

        var call = await DeadAsync("drop", "7", "1");

        Assert.Equal((1, $"no parked job '7' in {_jobs.Parked}; `dead list` shows them\n"), (call.Code, call.Error));
        Assert.Equal(0u, await _jobs.CountAsync());
    }

    [Fact]
    public async Task Replay_NoWorkerQueue_LosesNothing()
    {
        await _jobs.ParkAsync(2);
        await _jobs.Channel.QueueDeleteAsync(_jobs.Worker, cancellationToken: Cancel);

        var call = await DeadAsync("replay", "--all");

        var error = $"no queue {_jobs.Worker} to replay to: a worker creates it when it starts\n";
        Assert.Equal((64, error), (call.Code, call.Error));
        Assert.Equal(["job-0", "job-1"], await _jobs.TakeIdsAsync(_jobs.Parked, 2));
    }

    [Fact]
    public async Task Replay_ConnectionLostHalfway_LosesNothingAndResumesOnTheNextCall()
    {
        await _jobs.ParkAsync(60);
        var output = new Interrupting(20, CloseDeadAsync);

        var cut = await Call.WithOutputAsync(output, "", ["dead", "replay", "--all", "--queue", _jobs.Name, Uri]);

        Assert.Equal(2, cut.Code);
        Assert.Equal("the broker: CONNECTION_FORCED - chaos\n", cut.Error);
        await _jobs.WaitAsync(40);
        Assert.Equal(0, (await DeadAsync("replay", "--all")).Code);
        var replayed = await _jobs.TakeIdsAsync(_jobs.Worker, 60);
        Assert.Equal(Enumerable.Range(0, 60).Select(n => $"job-{n}"), replayed.Distinct());
        Assert.Equal(0u, await _jobs.CountAsync());
    }

    [Fact]
    public async Task List_NoQueue_ReportsIt()
    {
        var call = await Call.Async("dead", "list", "--queue", "nobody", Uri);

        const string error =
            "no queue worker.nobody.dead: a worker creates it when it starts; check --queue NAME\n";
        Assert.Equal((64, error), (call.Code, call.Error));
    }

    private Task<Call> DeadAsync(params string[] args) => Call.Async(["dead", .. args, "--queue", _jobs.Name, Uri]);

    /// <summary>Lists the jobs and waits until all are parked again.</summary>
    private async Task<Call> ListAsync(uint count)
    {
        var call = await DeadAsync("list");
        await _jobs.WaitAsync(count);
        return call;
    }

    private async Task CloseDeadAsync()
    {
        var lines = await broker.RunRabbitmqctlAsync("-q", "list_connections", "pid", "client_properties");
        foreach (var line in lines.Split('\n').Where(line => line.Contains("\"dead\"", StringComparison.Ordinal)))
            await broker.RunRabbitmqctlAsync("close_connection", line.Split('\t')[0], "chaos");
    }

    /// <summary>Closes the connection after a number of lines.</summary>
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
