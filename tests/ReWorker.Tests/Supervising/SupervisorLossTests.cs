using ReWorker.Health;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>However a connection is lost, the supervisor says so, opens the next, and goes on where it was.</summary>
public sealed class SupervisorLossTests
{
    public static TheoryData<string, string, string> Losses => new()
    {
        { "consuming connection", "connection", "CONNECTION_FORCED (320, closed by the broker)" },
        { "publishing connection", "connection", "CONNECTION_FORCED (320, closed by the broker)" },
        { "publishing channel", "channel", "PRECONDITION_FAILED (406, closed by the broker)" },
        { "second consumer's channel", "channel", "PRECONDITION_FAILED (406, closed by the broker)" },
        { "second consumer", "consumer_cancelled", "the broker cancelled the consumer of worker.b" },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Loss_OfAnything_IsShownCountedAndMended(string what, string reason, string detail)
    {
        await using var workers = new SupervisedWorkers(["a", "b"]);
        await workers.ConnectAsync();
        var lost = workers.Source.Connections;

        await LoseAsync(workers, what);
        await Until.TrueAsync(() => workers.Count(LogId.ConnectionLost) == 1, "the loss");
        // before the pause is over: the broker gives to others what a connection that stands has fetched
        await Until.TrueAsync(() => lost.All(one => one.Calls.Any(call => call.Method == "CloseAsync")), "the close");

        Assert.Equal((false, detail), workers.Part(HealthState.Connection));
        Assert.Equal((true, "unknown (not connected)"), workers.Part(HealthState.Broker));
        Assert.Equal((false, "waiting for the connection"), workers.Part("queue worker.a"));
        Assert.Equal((false, "waiting for the connection"), workers.Part("queue worker.b"));
        Assert.StartsWith(
            $"Lost the connection to RabbitMQ: {detail}. 0 jobs continue, 0 messages are unconfirmed; "
            + "reconnecting in 0.", workers.Last(LogId.ConnectionLost));
        Assert.Equal(1, workers.Count(LogId.Consuming));

        var lostAt = workers.Time.GetUtcNow();
        await workers.Time.AdvanceUntilAsync(
            () => workers.Count(LogId.Consuming) == 2, "the next", TimeSpan.FromMilliseconds(10));
        var outage = workers.Time.GetUtcNow() - lostAt;
        await workers.ConnectedAsync(2);

        Assert.Equal([($"reworker.reconnects{{reason={reason}}}", 1)], Losing(workers));
        var recorded = Assert.Single(workers.Metrics.Recorded("reworker.outage.duration"));
        Assert.InRange(recorded, 0.12, outage.TotalSeconds);
        Assert.Equal(4, workers.Source.Connections.Count);
        Assert.True(workers.Health.IsReady);
    }

    [Fact]
    public async Task Loss_FollowedByFailedAttempts_IsOneOutage()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        var open = workers.Source.OnOpen;
        workers.Source.OnOpen = _ => throw new InvalidOperationException("refused");
        await workers.Source.Consumes.CloseAsync(320, "gone");
        await workers.Time.AdvanceUntilAsync(() => workers.Count(LogId.CouldNotConnect) == 4, "four attempts");
        workers.Source.OnOpen = open;
        await workers.Time.AdvanceUntilAsync(() => workers.Count(LogId.Consuming) == 2, "the next");

        // four pauses of 0.25 to 2 s, each shortened by half at most
        Assert.InRange(Assert.Single(workers.Metrics.Recorded("reworker.outage.duration")), 1.8, 60);
        Assert.Equal(
            [("reworker.connect.failures", workers.Count(LogId.CouldNotConnect)),
                ("reworker.reconnects{reason=connection}", 1)],
            Losing(workers));
    }

    [Fact]
    public async Task Loss_TextWithControlCharacters_IsLoggedOnOneLine()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();

        await workers.Source.Consumes.CloseAsync(320, "gone\n12:00 forged");
        await Until.TrueAsync(() => workers.Count(LogId.ConnectionLost) == 1, "the loss");

        Assert.Contains("gone\\u000a12:00 forged (320", workers.Last(LogId.ConnectionLost), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loss_WhileAJobRuns_IsLoggedWithTheJobAndItsMessages()
    {
        var end = new TaskCompletionSource<object?>();
        await using var workers = new SupervisedWorkers(["a"], _ => end.Task);
        await workers.ConnectAsync();
        for (var tag = 1ul; tag <= 3; tag++) await workers.DeliverAsync(tag, replyTo: "replies");
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 3, "three times started");

        await workers.Source.Publishes.CloseAsync(320, "gone");
        await workers.Time.AdvanceUntilAsync(() => workers.Count(LogId.Consuming) == 2, "the next");
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 3, "started once more");
        end.SetResult(null);
        await Until.TrueAsync(() => workers.PublishChannel.Published.Count == 6, "three times completed");

        Assert.Contains(
            "3 jobs continue, 3 messages are unconfirmed", workers.Last(LogId.ConnectionLost),
            StringComparison.Ordinal);
        Assert.Equal(
            ["1:started", "2:started", "3:started"],
            workers.PublishChannel.Published.Take(3).Select(message => message.Properties.MessageId));
    }

    /// <summary>A connection that does not last must not bring the short pauses back.</summary>
    [Theory]
    [InlineData(29, 2, 4)]
    [InlineData(31, 0.125, 0.25)]
    public async Task Backoff_AfterAConnection_IsResetIfItLasted(int seconds, double shortest, double longest)
    {
        await using var workers = new SupervisedWorkers(["a"]);
        var open = workers.Source.OnOpen;
        workers.Source.OnOpen = _ => throw new InvalidOperationException("refused");
        await workers.StartAsync();
        await workers.Time.AdvanceUntilAsync(
            () => workers.Count(LogId.CouldNotConnect) == 4, "four attempts", TimeSpan.FromMilliseconds(20));
        workers.Source.OnOpen = open;
        await workers.Time.AdvanceUntilAsync(
            () => workers.Count(LogId.Consuming) == 1, "a connection", TimeSpan.FromMilliseconds(20));

        await workers.Time.StepAsync(SupervisedWorkers.Tick, seconds);
        await workers.Source.Consumes.CloseAsync(320, "gone");
        await Until.TrueAsync(() => workers.Count(LogId.ConnectionLost) == 1, "the loss");

        var text = workers.Last(LogId.ConnectionLost).Split(" in ")[^1].Split(' ')[0];
        var pause = double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(pause, shortest - 0.05, longest + 0.05);
    }

    [Fact]
    public async Task Alarm_OfTheBroker_IsShownAndLoggedUntilItEnds()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();

        await workers.Source.Publishes.BlockAsync("low on memory");
        await workers.Time.StepAsync(SupervisedWorkers.Tick, 2);
        var blocked = (workers.Part(HealthState.Broker), workers.Health.IsReady, workers.Health.IsLive,
            workers.Metrics.Gauge("reworker.publish.blocked"));
        var logs = (workers.Count(LogId.PublishingBlocked), workers.Count(LogId.PublishingUnblocked));
        await workers.Source.Publishes.UnblockAsync();
        await workers.Time.StepAsync(SupervisedWorkers.Tick, 2);

        Assert.Equal(((false, "blocks publishing: low on memory"), false, true, 1d), blocked);
        Assert.Equal((1, 0), logs);
        Assert.Equal((true, "accepts messages"), workers.Part(HealthState.Broker));
        Assert.Equal((1, 1), (workers.Count(LogId.PublishingBlocked), workers.Count(LogId.PublishingUnblocked)));
        Assert.Equal(
            "RabbitMQ has blocked publishing: low on memory. Jobs continue; 0 messages are held until it unblocks.",
            workers.Last(LogId.PublishingBlocked));
        Assert.True(workers.Health.IsReady);
    }

    [Fact]
    public async Task Alarm_OfABrokerThatIsLost_IsNotShown()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();
        await workers.Source.Publishes.BlockAsync("low on disk");
        await workers.Time.StepAsync(SupervisedWorkers.Tick);

        await workers.Source.Publishes.CloseAsync(320, "gone");
        await Until.TrueAsync(() => workers.Count(LogId.ConnectionLost) == 1, "the loss");

        Assert.Equal((true, "unknown (not connected)"), workers.Part(HealthState.Broker));
    }

    [Fact]
    public async Task Connection_ThatLasts_GivesSignsOfLife()
    {
        await using var workers = new SupervisedWorkers(["a"]);
        await workers.ConnectAsync();

        await workers.Time.StepAsync(SupervisedWorkers.Tick, 60);

        Assert.True(workers.Health.IsLive);
        Assert.True(workers.Health.IsReady);
        Assert.Equal(2, workers.Source.Connections.Count);
    }

    [Fact]
    public async Task Attempts_ThatFailForLong_GiveSignsOfLife()
    {
        await using var workers = new SupervisedWorkers(
            ["a"], configure: broker => broker.MaxBackoff = TimeSpan.FromMinutes(10));
        workers.Source.OnOpen = _ => throw new InvalidOperationException("refused");
        await workers.StartAsync();

        for (var passed = 0; passed < 300; passed++)
        {
            await Until.TrueAsync(() => workers.Time.Live.Count == 1, "the pause");
            Assert.True(workers.Health.IsLive);
            workers.Time.Advance(workers.Time.Live[0]);
        }
    }

    private static Task LoseAsync(SupervisedWorkers workers, string what) => what switch
    {
        "consuming connection" => workers.Source.Consumes.CloseAsync(320, "CONNECTION_FORCED"),
        "publishing connection" => workers.Source.Publishes.CloseAsync(320, "CONNECTION_FORCED"),
        "publishing channel" => workers.PublishChannel.CloseAsync(406, "PRECONDITION_FAILED"),
        "second consumer's channel" => workers.Consumers[1].CloseAsync(406, "PRECONDITION_FAILED"),
        _ => workers.Consumers[1].Consumer!.HandleBasicCancelAsync("tag", CancellationToken.None),
    };

    private static IEnumerable<(string, double)> Losing(SupervisedWorkers workers) =>
        workers.Metrics.Counted.Where(one => one.Name.Contains("connect", StringComparison.Ordinal));
}
