using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>What a requester declares, consumes and acknowledges.</summary>
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

        Assert.Equal(
            ["QueueDeclareAsync", "BasicQosAsync", "BasicConsumeAsync"], Replies.Calls.Select(one => one.Method));
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

        var error = await Assert.ThrowsAsync<OperationInterruptedException>(OpenAsync);

        Assert.Equal(403, error.ShutdownReason!.ReplyCode);
        Assert.Single(Consumes.Channels);
    }

    /// <summary>A code 404 that closed the connection says nothing about the exchange.</summary>
    [Fact]
    public async Task Open_ConnectionLostDuringTheCheck_IsThrown()
    {
        _source.OnOpen = connection => connection.OnChannel = channel => channel.OnCall = call =>
        {
            if (call.Method != "ExchangeDeclarePassiveAsync") return null;
            _ = connection.CloseAsync(404, "why");
            return Task.FromException(FakeChannel.Refusal(404, "why"));
        };

        await Assert.ThrowsAsync<OperationInterruptedException>(OpenAsync);
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

    private Task OpenAsync() => _session.OpenAsync(_source, Cancel);

    private void FailCheck(ushort code) => _source.OnOpen = connection => connection.OnChannel = channel =>
        channel.OnCall = call => call.Method == "ExchangeDeclarePassiveAsync"
            ? Task.FromException(FakeChannel.Refusal(code, "why"))
            : null;
}
