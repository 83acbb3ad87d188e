using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>How long a requester waits for a confirm, and how it finds the job that the broker rejects.</summary>
public sealed class ReplyConfirmTests : IAsyncDisposable
{
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(20);

    private readonly RecordingTime _time = new();
    private readonly FakeSource _source;
    private readonly ReplySession _session;
    private int _waits;

    public ReplyConfirmTests()
    {
        _source = new FakeSource(_time);
        _session = new ReplySession(new("reply.1", new JobClientOptions(), _ => { }), ConfirmTimeout, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FakeConnection Publishes => _source.Connections.Single(one => one.Name == "requester");
    private FakeChannel Jobs => Publishes.Channels[0];

    public ValueTask DisposeAsync() => _session.DisposeAsync();

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
            await _time.TimerAsync(ConfirmTimeout, ++_waits);
            _time.Advance(ConfirmTimeout);
        }
        await _time.TimerAsync(ConfirmTimeout, ++_waits);
        _time.Advance(ConfirmTimeout / 2);
        await Publishes.UnblockAsync();
        Assert.Null(_session.Blocked);

        _time.Advance(ConfirmTimeout / 2);
        await _time.TimerAsync(ConfirmTimeout, ++_waits);
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
        await _time.TimerAsync(ConfirmTimeout, ++_waits);
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

    /// <summary>During an alarm, even opening a channel would wait for the broker.</summary>
    [Fact]
    public async Task Publish_AloneDuringAnAlarm_OpensItsChannelAfterwards()
    {
        await OpenAsync();
        await Publishes.BlockAsync("low on memory");

        var publishing = PublishAsync(alone: true, Cancel);
        Assert.Single(Publishes.Channels);
        await Publishes.UnblockAsync();
        await publishing;

        Assert.Equal(2, Publishes.Channels.Count);
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
}
