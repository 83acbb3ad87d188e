using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>An epoch ends with the first loss of either connection or of a channel.</summary>
public sealed class EpochTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeSource _source;

    public EpochTests() => _source = new FakeSource(_time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectAsync_OpensBothUnderTheirNames()
    {
        var epoch = new Epoch(_time);
        var progress = 0;

        await epoch.ConnectAsync(_source, "test consumes", "test publishes", () => progress++, Cancel);

        Assert.Equal(2, progress);
        Assert.Equal(2, _source.Connections.Count);
        Assert.Same(_source.Consumes.Connection, epoch.ConsumeConnection);
        Assert.Same(_source.Publishes.Connection, epoch.PublishConnection);
        Assert.False(epoch.Loss.IsCompleted);
        Assert.False(epoch.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task ConnectAsync_BothHang_HasStartedBoth()
    {
        var source = new HangingSource();
        var epoch = new Epoch(_time);
        using var stop = new CancellationTokenSource();

        var connect = epoch.ConnectAsync(source, "consumes", "publishes", null, stop.Token);

        Assert.Equal(["consumes", "publishes"], source.Names);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect);
    }

    [Fact]
    public void Connections_NotConnected_Throw()
    {
        var epoch = new Epoch(_time);

        Assert.Throws<InvalidOperationException>(() => epoch.ConsumeConnection);
        Assert.Throws<InvalidOperationException>(() => epoch.PublishConnection);
        Assert.Throws<InvalidOperationException>(() => epoch.PublishChannel);
    }

    [Fact]
    public async Task OpenPublishChannelAsync_OpensItOnThePublishingConnection()
    {
        var epoch = await _source.OpenEpochAsync(_time);

        Assert.Same(Assert.Single(_source.Publishes.Channels).Channel, epoch.PublishChannel);
        Assert.Empty(_source.Consumes.Channels);
        var options = (CreateChannelOptions)Assert.Single(_source.Publishes.Calls).Arguments[0]!;
        Assert.True(options.PublisherConfirmationsEnabled);
    }

    [Theory]
    [InlineData(true, ShutdownInitiator.Peer, "the broker")]
    [InlineData(true, ShutdownInitiator.Library, "the client")]
    [InlineData(true, ShutdownInitiator.Application, "this process")]
    [InlineData(false, ShutdownInitiator.Peer, "the broker")]
    public async Task Connection_Closes_EndsTheEpoch(bool consumes, ShutdownInitiator initiator, string by)
    {
        var epoch = await _source.OpenEpochAsync(_time);

        await (consumes ? _source.Consumes : _source.Publishes).CloseAsync(320, "CONNECTION_FORCED", initiator);

        Assert.Equal(
            new Loss(LossReason.Connection, $"CONNECTION_FORCED (320, closed by {by})"), await LossOf(epoch));
        await Until.TrueAsync(() => epoch.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task Channel_Closes_EndsTheEpoch()
    {
        var epoch = await _source.OpenEpochAsync(_time);
        var channel = FakeChannel.Create();
        epoch.Watch(channel.Channel);

        await channel.CloseAsync(406, "PRECONDITION_FAILED");

        Assert.Equal(
            new Loss(LossReason.Channel, "PRECONDITION_FAILED (406, closed by the broker)"), await LossOf(epoch));
    }

    [Fact]
    public async Task PublishChannel_Closes_EndsTheEpoch()
    {
        var epoch = await _source.OpenEpochAsync(_time);

        await _source.Publishes.Channels[0].CloseAsync(404, "NOT_FOUND");

        Assert.Equal(LossReason.Channel, (await LossOf(epoch)).Reason);
    }

    [Fact]
    public async Task End_Twice_KeepsTheFirstLoss()
    {
        var epoch = new Epoch(_time);
        var first = new Loss(LossReason.Publishing, "first");

        epoch.End(first);
        epoch.End(new Loss(LossReason.Connection, "second"));

        Assert.Same(first, await LossOf(epoch));
    }

    /// <summary>The client's reader may end an epoch: what waits for the end must not run in its place.</summary>
    [Fact]
    public async Task End_RunsNothingOnItsOwnThread()
    {
        var epoch = new Epoch(_time);
        var callback = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = epoch.Ended.Register(
            () => callback.SetResult(Environment.CurrentManagedThreadId));
        var waiter = epoch.Loss.ContinueWith(
            _ => Environment.CurrentManagedThreadId, Cancel, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        var reader = new Thread(() => epoch.End(new Loss(LossReason.Channel, "")));

        reader.Start();
        reader.Join();

        Assert.NotEqual(reader.ManagedThreadId, await callback.Task);
        Assert.NotEqual(reader.ManagedThreadId, await waiter);
    }

    [Fact]
    public async Task Alarm_FollowsThePublishingConnection()
    {
        var epoch = await _source.OpenEpochAsync(_time);

        await _source.Consumes.BlockAsync("not here");
        Assert.False(epoch.Alarm.IsRaised);
        await _source.Publishes.BlockAsync("low on disk");
        Assert.True(epoch.Alarm.IsRaised);
        Assert.Equal("low on disk", epoch.Alarm.Reason);
        await _source.Publishes.UnblockAsync();
        Assert.False(epoch.Alarm.IsRaised);
        Assert.False(epoch.Loss.IsCompleted);
    }

    private static Task<Loss> LossOf(Epoch epoch) => epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    private sealed class HangingSource() : ConnectionSource(null!, TimeProvider.System)
    {
        public List<string> Names { get; } = [];

        public override async Task<IConnection> OpenAsync(string name, CancellationToken cancel)
        {
            Names.Add(name);
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException("it never opens");
        }
    }
}
