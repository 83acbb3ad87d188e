using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>What ends a requester's session, and what it leaves behind.</summary>
public sealed class ReplySessionEndTests : IAsyncDisposable
{
    private readonly RecordingTime _time = new();
    private readonly List<string> _received = [];
    private readonly FakeSource _source;
    private readonly ReplySession _session;

    public ReplySessionEndTests()
    {
        _source = new FakeSource(_time);
        var queue = new ReplyQueue("reply.1", new JobClientOptions(), delivery => _received.Add(delivery.RoutingKey));
        _session = new ReplySession(queue, TimeSpan.FromSeconds(20), _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FakeConnection Publishes => _source.Connections.Single(one => one.Name == "requester");
    private FakeConnection Consumes => _source.Connections.Single(one => one.Name == "requester, replies");
    private FakeChannel Replies => Consumes.Channels.Single(channel => channel.Consumer is not null);

    public ValueTask DisposeAsync() => _session.DisposeAsync();

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
            "jobs" => Publishes.Channels[0].CloseAsync(404, "why"),
            "consumes" => Consumes.CloseAsync(404, "why"),
            "publishes" => Publishes.CloseAsync(404, "why"),
            _ => Replies.Consumer!.HandleBasicCancelAsync("tag", Cancel),
        });

        Assert.True(_session.IsLost);
        Assert.Equal(new Loss((LossReason)reason, detail), await _session.Loss);
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
}
