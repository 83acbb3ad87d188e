using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>An epoch closes both connections, and no close can hold it up for long.</summary>
public sealed class EpochCloseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeSource _source;

    public EpochCloseTests() => _source = new FakeSource(_time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposeAsync_Connected_ClosesAndDisposesBoth()
    {
        var epoch = await _source.OpenEpochAsync(_time);

        await epoch.DisposeAsync();

        Assert.Equal(new Loss(LossReason.Stopped, "stopped"), await LossOf(epoch));
        foreach (var connection in _source.Connections)
        {
            var close = Assert.Single(connection.Calls, call => call.Method == "CloseAsync");
            object?[] expected = [(ushort)200, "bye", TimeSpan.FromSeconds(3), true];
            Assert.Equal(expected, close.Arguments.Take(4));
            Assert.True(connection.IsDisposed);
        }
    }

    [Fact]
    public async Task DisposeAsync_AfterALoss_KeepsItAndCloses()
    {
        var epoch = await _source.OpenEpochAsync(_time);
        await _source.Consumes.CloseAsync(320, "CONNECTION_FORCED");

        await epoch.DisposeAsync();

        Assert.Equal(LossReason.Connection, (await LossOf(epoch)).Reason);
        Assert.All(_source.Connections, connection => Assert.True(connection.IsDisposed));
    }

    [Fact]
    public async Task DisposeAsync_NeverConnected_Ends()
    {
        var epoch = new Epoch(_time);

        await epoch.DisposeAsync();

        Assert.Equal(LossReason.Stopped, (await LossOf(epoch)).Reason);
    }

    [Fact]
    public async Task DisposeAsync_OneConnectionFailedToOpen_ClosesTheOther()
    {
        _source.OnOpen = opened =>
        {
            if (opened.Name == "test publishes") throw new IOException("refused");
        };
        var epoch = new Epoch(_time);
        await Assert.ThrowsAsync<IOException>(
            () => epoch.ConnectAsync(_source, "test consumes", "test publishes", null, Cancel));

        await epoch.DisposeAsync();

        Assert.True(Assert.Single(_source.Connections).IsDisposed);
    }

    /// <summary>A frozen broker answers no close: after a while the sockets are freed all the same.</summary>
    [Fact]
    public async Task DisposeAsync_CloseHangs_IsAbandonedAndTheConnectionDisposed()
    {
        _source.OnOpen = opened => opened.OnCall = call =>
            call.Method is "CloseAsync" ? Task.Delay(Timeout.Infinite, CancellationToken.None) : null;
        var epoch = await _source.OpenEpochAsync(_time);

        var dispose = epoch.DisposeAsync().AsTask();
        Assert.True(epoch.Loss.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(dispose.IsCompleted);
        Assert.All(_source.Connections, connection => Assert.False(connection.IsDisposed));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await dispose.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.All(_source.Connections, connection => Assert.True(connection.IsDisposed));
    }

    [Fact]
    public async Task DisposeAsync_DisposalOfAConnectionHangs_IsNotAwaited()
    {
        _source.OnOpen = opened => opened.OnCall = call =>
            call.Method is "DisposeAsync" ? Task.Delay(Timeout.Infinite, CancellationToken.None) : null;
        var epoch = await _source.OpenEpochAsync(_time);

        await epoch.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task DisposeAsync_CloseFails_DisposesAllTheSame()
    {
        _source.OnOpen = opened => opened.OnCall = call =>
            call.Method is "CloseAsync" ? Task.FromException(new IOException("broken pipe")) : null;
        var epoch = await _source.OpenEpochAsync(_time);

        await epoch.DisposeAsync();

        Assert.All(_source.Connections, connection => Assert.True(connection.IsDisposed));
    }

    private static Task<Loss> LossOf(Epoch epoch) => epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
}
