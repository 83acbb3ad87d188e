using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Health;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The supervisor connects, consumes, publishes, shows what it does, and waits where it can't.</summary>
public sealed class SupervisorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_TwoOfThreeWorkersOnOneQueue_Throws()
    {
        await using var workers = new SupervisedWorkers(["a", "b", "b"]);

        var error = await Assert.ThrowsAsync<OptionsValidationException>(workers.StartAsync);

        Assert.StartsWith("SecondWorker and SecondWorker have the same queue, worker.b", error.Message);
        Assert.Empty(workers.Source.Connections);
    }

    [Fact]
    public async Task Start_ACertificateIsMissing_Throws()
    {
        var broken = new BrokerOptions { Ssl = true, CaFile = "/none" };
        await using var workers = new SupervisedWorkers(["a"], source: new FixedSource(broken, TimeProvider.System));

        var error = await Assert.ThrowsAsync<FormatException>(workers.StartAsync);

        Assert.Contains("CaFile", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TheBrokerDoesNotAnswerYet_ShowsWhatItWaitsFor()
    {
        await using var workers = new SupervisedWorkers(["a", "b"]);
        workers.Source.Opening = new TaskCompletionSource().Task;

        await workers.StartAsync();

        Assert.Equal(
            (false, "not connected yet to amqp://guest@localhost:5672/%2F"), workers.Part(HealthState.Connection));
        Assert.Equal((true, "unknown (not connected)"), workers.Part(HealthState.Broker));
        Assert.Equal((false, "waiting for the connection"), workers.Part("queue worker.a"));
        Assert.Equal((false, "waiting for the connection"), workers.Part("queue worker.b"));
        Assert.False(workers.Health.IsReady);
        Assert.Equal(0, workers.Metrics.Gauge("reworker.connection.up"));
    }

    [Fact]
    public async Task Start_TheBrokerAnswers_ConsumesAndPublishes()
    {
        await using var workers = new SupervisedWorkers(["a", "b"]);

        await workers.ConnectAsync();
        await workers.DeliverAsync(1, replyTo: "replies");
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 2, "the replies");
        await workers.PublishChannel.AckAsync(2, multiple: true);
        await Until.TrueAsync(() => workers.Consumers[0].CallsOf("BasicAckAsync").Any(), "the acknowledgement");

        Assert.Equal(
            ["FrobWorker, SecondWorker consumes", "FrobWorker, SecondWorker publishes"],
            workers.Source.Connections.Select(connection => connection.Name).Order());
        Assert.Equal(
            ["worker.a", "worker.b"],
            workers.Consumers.SelectMany(channel => channel.CallsOf("BasicConsumeAsync")).Select(call => call[0]));
        // publishing stops during an alarm: what must not wait is asked on the other connection
        Assert.Single(workers.Source.Publishes.Channels);
        Assert.All(
            ["re", "worker.a", "worker.a.dead", "worker.b", "worker.b.dead"],
            name => Assert.True(workers.Broker.Asked(Passive(name), name) > 0, name));
        var options = Assert.IsType<CreateChannelOptions>(
            workers.Source.Publishes.Calls.Single(call => call.Method == "CreateChannelAsync").Arguments[0]);
        Assert.True(options.PublisherConfirmationsEnabled);
        Assert.False(options.PublisherConfirmationTrackingEnabled);
        Assert.Equal(
            "Consuming from worker.a, worker.b at amqp://guest@localhost:5672/%2F", workers.Last(LogId.Consuming));

        static string Passive(string name) => name == "re" ? "ExchangeDeclarePassiveAsync" : "QueueDeclarePassiveAsync";
    }

    [Fact]
    public async Task Start_TheBrokerAnswers_ShowsEveryPartAsHealthy()
    {
        await using var workers = new SupervisedWorkers(["a", "b"]);

        await workers.StartAsync();
        await workers.ConnectedAsync();

        Assert.Equal(
            ["broker", "connection", "queue worker.a", "queue worker.b", "supervisor"],
            workers.Health.Parts.Keys.Order());
        Assert.Equal((true, "amqp://guest@localhost:5672/%2F"), workers.Part(HealthState.Connection));
        Assert.Equal((true, "accepts messages"), workers.Part(HealthState.Broker));
        Assert.Equal((true, "consuming"), workers.Part("queue worker.a"));
        Assert.Equal((true, "consuming"), workers.Part("queue worker.b"));
        Assert.True(workers.Health.IsReady);
        Assert.Equal(
            (1, 1, 0),
            (workers.Metrics.Gauge("reworker.connection.up"),
                workers.Metrics.Gauge("reworker.consuming{queue=worker.b}"),
                workers.Metrics.Gauge("reworker.publish.blocked")));
        Assert.DoesNotContain(workers.Metrics.Counted, counted => counted.Name.Contains("connect"));
    }

    /// <summary>The broker counts the consumers only later.</summary>
    [Fact]
    public async Task Start_TheProbeIsNotAnswered_ShowsTheQueuesAsConsumed()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        var never = new TaskCompletionSource().Task;
        workers.Source.OnOpen = connection => connection.OnChannel = channel =>
        {
            workers.Broker.Attach(channel);
            if (connection.Channels.Any(one => one.Consumer is not null)) channel.OnCall = _ => never;
        };

        await workers.ConnectAsync();

        Assert.Equal((true, "consuming"), workers.Part("queue worker.a"));
    }

    /// <summary>The pauses double up to the limit, each shortened by half at most.</summary>
    [Fact]
    public async Task Connect_FailsAgainAndAgain_PausesLongerEachTime()
    {
        await using var workers = new SupervisedWorkers(["a"], configure: broker => broker.MaxBackoff = Seconds(3));
        workers.Source.OnOpen = _ => throw new InvalidOperationException("no route to host");
        await workers.StartAsync();

        foreach (var (attempt, longest) in new[] { 0.25, 0.5, 1, 2, 3, 3 }.Index())
        {
            await Until.TrueAsync(() => workers.Count(LogId.CouldNotConnect) == attempt + 1, $"attempt {attempt}");
            var pause = await PauseAsync(workers, attempt + 1);
            Assert.InRange(pause.TotalSeconds, (longest / 2) - 0.01, longest);
        }

        Assert.Equal(7, workers.Metrics.Sum("reworker.connect.failures"));
        Assert.All(Reconnects(workers), sum => Assert.Equal(0, sum));
        Assert.Equal(0, workers.Count(LogId.ConnectionLost));
        Assert.Empty(workers.Metrics.Recorded("reworker.outage.duration"));
    }

    [Fact]
    public async Task Connect_Fails_ShowsTheCauseOnOneLine()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        var cause = new ConnectFailureException("refused", new InvalidOperationException("no route\u001b[31m to host"));
        workers.Source.OnOpen = _ => throw new BrokerUnreachableException(cause);

        await workers.StartAsync();
        await Until.TrueAsync(() => workers.Count(LogId.CouldNotConnect) == 1, "the attempt");

        Assert.Equal((false, "no route\u001b[31m to host"), workers.Part(HealthState.Connection));
        Assert.StartsWith(
            "Could not connect to amqp://guest@localhost:5672/%2F: no route\\u001b[31m to host. Jobs and replies wait;"
            + " the next try is in 0.", workers.Last(LogId.CouldNotConnect));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static IEnumerable<double?> Reconnects(SupervisedWorkers workers) =>
        workers.Metrics.Counters.Where(name => name.StartsWith("reworker.reconnects", StringComparison.Ordinal))
            .Select(workers.Metrics.Sum);

    /// <summary>Lets the pause pass that follows an attempt. Nothing else waits meanwhile.</summary>
    private static async Task<TimeSpan> PauseAsync(SupervisedWorkers workers, int attempts)
    {
        var pause = TimeSpan.Zero;
        while (workers.Count(LogId.CouldNotConnect) == attempts)
        {
            await Until.TrueAsync(() => workers.Time.Live.Count == 1, "the pause");
            var chunk = workers.Time.Live[0];
            workers.Time.Advance(chunk);
            pause += chunk;
            await Until.TrueAsync(() => workers.Time.Live.Count == 1, "the next pause");
        }
        Assert.False(Cancel.IsCancellationRequested);
        return pause;
    }

    private sealed class FixedSource(BrokerOptions options, TimeProvider time) : ConnectionSource(
        new OptionsMonitor<BrokerOptions>(new Factory(options), [], new OptionsCache<BrokerOptions>()), time);

    private sealed class Factory(BrokerOptions options) : IOptionsFactory<BrokerOptions>
    {
        public BrokerOptions Create(string name) => options;
    }
}
