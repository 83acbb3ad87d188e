using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A session takes no more messages than the broker and its window have room for.</summary>
public sealed class WaitForRoomTests : SessionTest
{
    private const int WindowSize = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(WindowSize - 1, true)]
    [InlineData(WindowSize, false)]
    public async Task WaitForRoom_WindowAtItsLimit_WaitsOnlyWhenItIsFull(int messages, bool hasRoom)
    {
        var session = await StartAsync();
        await SendAsync(session, messages);

        Assert.Equal(hasRoom, session.WaitForRoomAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task WaitForRoom_FullWindow_GoesOnWithTheOldestConfirm()
    {
        var session = await StartAsync();
        await SendAsync(session, WindowSize);
        var waiting = session.WaitForRoomAsync();

        await Channel.AckAsync(7);
        Assert.False(waiting.IsCompleted);
        await Channel.AckAsync(1);
        await waiting.WaitAsync(Patience, Cancel);

        await SendAsync(session, 1);
        Assert.False(session.WaitForRoomAsync().IsCompleted);
    }

    /// <summary>A release that nobody waited for must not let a message into a window that is full again.</summary>
    [Fact]
    public async Task WaitForRoom_ReleasedBeforeAndFullAgain_Waits()
    {
        var session = await StartAsync();
        await SendAsync(session, WindowSize);
        await Channel.AckAsync(1);
        await SendAsync(session, 1);

        var waiting = session.WaitForRoomAsync();
        Assert.False(waiting.IsCompleted);
        await Channel.AckAsync(2);

        await waiting.WaitAsync(Patience, Cancel);
    }

    [Fact]
    public async Task WaitForRoom_Nack_MakesRoomToo()
    {
        var session = await StartAsync();
        await SendAsync(session, WindowSize);
        var waiting = session.WaitForRoomAsync();

        await Channel.NackAsync(1);

        await waiting.WaitAsync(Patience, Cancel);
    }

    [Fact]
    public async Task WaitForRoom_Alarm_WaitsForItsEnd()
    {
        var session = await StartAsync();
        await Source.Publishes.BlockAsync("low on memory");
        var waiting = session.WaitForRoomAsync();
        Assert.False(waiting.IsCompleted);

        await Source.Publishes.UnblockAsync();

        await waiting.WaitAsync(Patience, Cancel);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(WindowSize, false)]
    public async Task WaitForRoom_EpochEnds_Throws(int messages, bool isAlarmed)
    {
        var session = await StartAsync();
        await SendAsync(session, messages);
        if (isAlarmed) await Source.Publishes.BlockAsync("low on memory");
        var waiting = isAlarmed || messages > 0 ? session.WaitForRoomAsync() : null;
        Assert.False(waiting?.IsCompleted ?? false);

        await EndAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => (waiting ?? session.WaitForRoomAsync()).WaitAsync(Patience, Cancel));
    }

    /// <summary>The first two may have closed the last channel: only one of them is on the way at a time.</summary>
    [Fact]
    public async Task WaitForRoom_Quarantined_SendsThemSingly()
    {
        var session = await StartAsync(quarantined: 2);
        Assert.True(session.WaitForRoomAsync().IsCompletedSuccessfully);
        await SendAsync(session, 1);
        var waiting = session.WaitForRoomAsync();
        Assert.False(waiting.IsCompleted);
        await Channel.AckAsync(1);
        await waiting.WaitAsync(Patience, Cancel);

        await SendAsync(session, 1);
        waiting = session.WaitForRoomAsync();
        Assert.False(waiting.IsCompleted);
        await Channel.AckAsync(2);
        await waiting.WaitAsync(Patience, Cancel);

        await SendAsync(session, 5);
        Assert.True(session.WaitForRoomAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task WaitForRoom_QuarantinedIsNacked_GoesOn()
    {
        var session = await StartAsync(quarantined: 1);
        await SendAsync(session, 1);
        var waiting = session.WaitForRoomAsync();

        await Channel.NackAsync(1);
        await waiting.WaitAsync(Patience, Cancel);

        await SendAsync(session, 2);
        Assert.True(session.WaitForRoomAsync().IsCompletedSuccessfully);
    }

    private async Task EndAsync()
    {
        Epoch.End(new Loss(LossReason.Connection, ""));
        await Until.TrueAsync(() => Epoch.Ended.IsCancellationRequested);
    }
}
