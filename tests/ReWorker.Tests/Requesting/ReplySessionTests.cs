using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>What a requester declares and consumes, what ends its session, and how long it waits for a confirm.</summary>
public sealed class ReplySessionTests : IAsyncDisposable
{
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(20);
    private static readonly string[] FollowCalls =
    [
        "QueueDeclareAsync", "QueueBindAsync output", "QueueBindAsync notify.#", "BasicQosAsync", "BasicConsumeAsync",
    ];

    private readonly RecordingTime _time = new();
    private readonly JobClientOptions _options = new() { ReplyQueueLifetime = TimeSpan.FromMinutes(7) };
    private readonly List<string> _received = [];
    private readonly FakeSource _source;
    private readonly ReplySession _session;
    private int _waits;

    public ReplySessionTests()
    {
        _source = new FakeSource(_time);
        var queue = new ReplyQueue("reply.1", _options, delivery => _received.Add(delivery.RoutingKey));
        _session = new ReplySession(queue, ConfirmTimeout, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FakeConnection Publishes => _source.Connections.Single(one => one.Name == "requester");
    private FakeConnection Consumes => _source.Connections.Single(one => one.Name == "requester, replies");
    private FakeChannel Replies => Consumes.Channels.Single(channel => channel.Consumer is not null);
    private FakeChannel Jobs => Publishes.Channels[0];

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    [Fact]
    public async Task Open_FollowingOutput_DeclaresBindsAndConsumesInThisOrder()
    {
        await OpenAsync();

        Assert.Equal(FollowCalls, Replies.Calls.Select(Describe));
        var declared = Replies.CallsOf("QueueDeclareAsync").Single();
        Assert.Equal(["reply.1", true, false, false], declared[..4]);
        var arguments = Assert.IsType<IDictionary<string, object?>>(declared[4], exactMatch: false);
        Assert.Equal(2, arguments.Count);
        Assert.Equal(("classic", 420_000L), (arguments["x-queue-type"], arguments["x-expires"]));
        Assert.All(Replies.CallsOf("QueueBindAsync"), call => Assert.Equal(["reply.1", "re"], call[..2]));
        Assert.Equal([0u, (ushort)200, false], Replies.CallsOf("BasicQosAsync").Single()[..3]);
        Assert.Equal(["reply.1", false], Replies.CallsOf("BasicConsumeAsync").Single()[..2]);
        Assert.False(_session.IsLost);
        Assert.Null(_session.Blocked);

        static string Describe(FakeCall call) =>
            call.Method == "QueueBindAsync" ? $"{call.Method} {call.Arguments[2]}" : call.Method;
    }

    [Fact]
    public async Task Open_NotFollowingOutput_NeedsNoExchange()
    {
        _options.FollowOutput = false;

        await OpenAsync();

        Assert.Equal(["QueueDeclareAsync", "BasicQosAsync", "BasicConsumeAsync"], Replies.Calls.Select(one => one.Method));
        Assert.Single(Consumes.Channels);
    }

    [Fact]
    public async Task Open_Always_PublishesWithTrackedConfirms()
    {
        await OpenAsync();

        var created = Publishes.Calls.Single(call => call.Method == "CreateChannelAsync");
        var options = Assert.IsType<CreateChannelOptions>(created.Arguments[0]);
        Assert.True(options.PublisherConfirmationsEnabled);
        Assert.True(options.PublisherConfirmationTrackingEnabled);
    }

    [Fact]
    public async Task Open_ExchangeExists_IsOnlyChecked()
    {
        await OpenAsync();

        var check = Consumes.Channels[0];
        Assert.Equal(["ExchangeDeclarePassiveAsync", "DisposeAsync"], check.Calls.Select(call => call.Method));
        Assert.Equal("re", check.Calls[0].Arguments[0]);
        Assert.False(Replies.IsDisposed);
    }

    [Fact]
    public async Task Open_ExchangeMissing_IsDeclaredOnAnotherChannel()
    {
        FailCheck(404);

        await OpenAsync();

        var declared = Consumes.Channels[1].CallsOf("ExchangeDeclareAsync").Single();
        Assert.Equal(["re", "topic", true, false], declared[..4]);
        Assert.True(Consumes.Channels[0].IsDisposed && Consumes.Channels[1].IsDisposed);
        Assert.Equal(FollowCalls.Length, Replies.Calls.Count);
    }

    [Fact]
    public async Task Open_ExchangeCheckFails_IsThrown()
    {
        FailCheck(403);

        var error = await Assert.ThrowsAsync<RabbitMQ.Client.Exceptions.OperationInterruptedException>(OpenAsync);

        Assert.Equal(403, error.ShutdownReason!.ReplyCode);
        Assert.Single(Consumes.Channels);
    }

    [Fact]
    public async Task Open_BrokerHangs_TimesOut()
    {
        _source.OnOpen = connection => connection.OnChannel = channel => channel.OnCall =
            call => call.Method == "BasicQosAsync" ? Task.Delay(Timeout.Infinite, Cancel) : null;
        var opening = OpenAsync();
        _time.Advance(ConfirmTimeout + TimeSpan.FromSeconds(1.9));
        Assert.False(opening.IsCompleted); // the client has time to react to its token
        _time.Advance(TimeSpan.FromSeconds(0.2));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => opening);

        Assert.Equal("opening the reply queue took longer than 20 s", error.Message);
    }

    [Fact]
    public async Task Received_Message_IsHandledAndThenAcknowledged()
    {
        await OpenAsync();
        Replies.OnCall = call =>
        {
            if (call.Method == "BasicAckAsync") _received.Add($"ack {call.Arguments[0]} {call.Arguments[1]}");
            return null;
        };

        await Replies.DeliverAsync(7, [], routingKey: "a");
        await Replies.DeliverAsync(8, [], routingKey: "b");

        Assert.Equal(["a", "ack 7 False", "b", "ack 8 False"], _received);
    }

    /// <summary>The broker redelivers it to the next session: handled here too, it would come out of order.</summary>
    [Fact]
    public async Task Received_AfterTheLoss_IsLeftToTheNextSession()
    {
        await OpenAsync();
        await Publishes.CloseAsync(320, "gone");

        await Replies.DeliverAsync(7, [], routingKey: "a");

        Assert.Empty(_received);
        Assert.Empty(Replies.CallsOf("BasicAckAsync"));
    }

    /// <summary>A handler that waits for the client can block the client.</summary>
    [Fact]
    public async Task Received_AckHangs_TheNextMessageIsHandled()
    {
        await OpenAsync();
        Replies.OnCall = call => call.Method == "BasicAckAsync" ? Task.Delay(Timeout.Infinite, Cancel) : null;

        await Replies.DeliverAsync(7, [], routingKey: "a").WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        await Replies.DeliverAsync(8, [], routingKey: "b").WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal(["a", "b"], _received);
    }

    [Theory]
    [InlineData("replies", LossReason.Channel, "why (404, closed by the broker)")]
    [InlineData("jobs", LossReason.Channel, "why (404, closed by the broker)")]
    [InlineData("consumes", LossReason.Connection, "why (404, closed by the broker)")]
    [InlineData("publishes", LossReason.Connection, "why (404, closed by the broker)")]
    [InlineData("cancel", LossReason.ConsumerCancelled, "the broker cancelled the consumer of the reply queue")]
    public async Task Loss_OfAnyPart_EndsTheSession(string part, object reason, string detail)
    {
        await OpenAsync();

        await (part switch
        {
            "replies" => Replies.CloseAsync(404, "why"),
            "jobs" => Jobs.CloseAsync(404, "why"),
            "consumes" => Consumes.CloseAsync(404, "why"),
            "publishes" => Publishes.CloseAsync(404, "why"),
            _ => Replies.Consumer!.HandleBasicCancelAsync("tag", Cancel),
        });

        Assert.True(_session.IsLost);
        Assert.Equal(new Loss((LossReason)reason, detail), await _session.Loss);
    }

    [Fact]
    public async Task Publish_NotConfirmedInTime_EndsTheSession()
    {
        await OpenAsync();
        var publishing = HangAsync();
        _time.Advance(ConfirmTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(_session.IsLost);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);

        Assert.Equal(
            new Loss(LossReason.ConfirmTimeout, "a job was not confirmed within 20 s"), await _session.Loss);
    }

    /// <summary>During an alarm the broker confirms nothing. After its end, it has as long as without one.</summary>
    [Fact]
    public async Task Publish_DuringAnAlarm_WaitsUntilAfterItsEnd()
    {
        await OpenAsync();
        await Publishes.BlockAsync("low on memory");
        Assert.Equal("low on memory", _session.Blocked);
        var publishing = HangAsync();
        for (var i = 1; i <= 3; i++)
        {
            await _time.WaitForAsync(ConfirmTimeout, ++_waits);
            _time.Advance(ConfirmTimeout);
        }
        await _time.WaitForAsync(ConfirmTimeout, ++_waits);
        _time.Advance(ConfirmTimeout / 2);
        await Publishes.UnblockAsync();
        Assert.Null(_session.Blocked);

        _time.Advance(ConfirmTimeout / 2);
        await _time.WaitForAsync(ConfirmTimeout, ++_waits);
        Assert.False(_session.IsLost);
        _time.Advance(ConfirmTimeout);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        Assert.Equal(LossReason.ConfirmTimeout, (await _session.Loss).Reason);
    }

    [Fact]
    public async Task Publish_AlarmEndedBefore_DoesNotProlongTheWait()
    {
        await OpenAsync();
        await Publishes.BlockAsync("low on memory");
        await Publishes.UnblockAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        var publishing = HangAsync();
        await _time.WaitForAsync(ConfirmTimeout, ++_waits);
        _time.Advance(ConfirmTimeout);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        Assert.True(_session.IsLost);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Publish_Alone_UsesAndClosesASeparateChannel(bool alone, int channels)
    {
        await OpenAsync();

        await PublishAsync(alone, Cancel);

        Assert.Equal(channels, Publishes.Channels.Count);
        var used = Publishes.Channels[^1];
        Assert.Single(used.Published);
        Assert.Equal(alone, used.IsDisposed);
        var created = Publishes.Calls.Last(call => call.Method == "CreateChannelAsync");
        Assert.True(Assert.IsType<CreateChannelOptions>(created.Arguments[0]).PublisherConfirmationTrackingEnabled);
    }

    [Theory]
    [InlineData(403, ShutdownInitiator.Peer, true)]
    [InlineData(406, ShutdownInitiator.Peer, true)]
    [InlineData(404, ShutdownInitiator.Peer, false)]
    [InlineData(406, ShutdownInitiator.Library, false)]
    public async Task HasRejectedJob_ChannelClosed_DependsOnTheBrokersReason(
        ushort code, ShutdownInitiator initiator, bool expected)
    {
        await OpenAsync();
        Assert.False(_session.HasRejectedJob);

        await Jobs.CloseAsync(code, "why", initiator);

        Assert.Equal(expected, _session.HasRejectedJob);
    }

    [Fact]
    public async Task TryDeleteQueue_BrokerAnswers_DeletesItUnconditionally()
    {
        await OpenAsync();

        await _session.TryDeleteQueueAsync();

        var channel = Consumes.Channels[^1];
        Assert.Equal(["QueueDeleteAsync", "DisposeAsync"], channel.Calls.Select(call => call.Method));
        Assert.Equal(["reply.1", false, false], channel.Calls[0].Arguments[..3]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TryDeleteQueue_BrokerFailsOrHangs_IsGivenUp(bool hangs)
    {
        await OpenAsync();
        Consumes.OnChannel = channel => channel.OnCall = _ => hangs
            ? Task.Delay(Timeout.Infinite, Cancel)
            : Task.FromException(FakeChannel.Refusal(403, "no"));

        var deleting = _session.TryDeleteQueueAsync();
        if (hangs)
        {
            Assert.False(deleting.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(3 + 2));
        }

        await deleting;
    }

    [Fact]
    public async Task DisposeAsync_OpenSession_ClosesBothConnections()
    {
        await OpenAsync();

        await _session.DisposeAsync();

        Assert.All(_source.Connections, one => Assert.Contains(one.Calls, call => call.Method == "CloseAsync"));
        Assert.Equal(LossReason.Stopped, (await _session.Loss).Reason);
    }

    private Task OpenAsync() => _session.OpenAsync(_source, Cancel);

    private Task PublishAsync(bool alone, CancellationToken cancel) =>
        _session.PublishAsync("worker.q", new BasicProperties(), [], alone, cancel);

    /// <summary>Publishes a job that the broker never confirms.</summary>
    private Task HangAsync()
    {
        _waits = _time.Delays.Count(delay => delay == ConfirmTimeout);
        Jobs.OnCall = call => call.Method == "BasicPublishAsync" ? Task.Delay(Timeout.Infinite, Cancel) : null;
        return PublishAsync(alone: false, Cancel);
    }

    private void FailCheck(ushort code) => _source.OnOpen = connection => connection.OnChannel = channel =>
        channel.OnCall = call => call.Method == "ExchangeDeclarePassiveAsync"
            ? Task.FromException(FakeChannel.Refusal(code, "why"))
            : null;
}
