using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A message that the broker does not confirm in time ends the epoch; an alarm is no reason to.</summary>
public sealed class ConfirmTimeoutTests : SessionTest
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Watch_OldestIsUnconfirmedBeyondTheTimeout_EndsTheEpoch()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        Pass(ConfirmTimeout);
        Assert.False(Epoch.Loss.IsCompleted);

        Pass(Interval);

        Assert.Equal(
            new Loss(LossReason.ConfirmTimeout, "a message was not confirmed within 30 s"),
            await Epoch.Loss.WaitAsync(Patience, Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Watch.WaitAsync(Patience, Cancel));
    }

    [Fact]
    public async Task Watch_NothingUnconfirmed_LeavesTheEpochAlone()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        await Channel.AckAsync(1);

        Pass(2 * ConfirmTimeout);

        Assert.False(Epoch.Loss.IsCompleted);
    }

    /// <summary>A busy channel always has unconfirmed messages: the age of the oldest counts.</summary>
    [Fact]
    public async Task Watch_SteadyConfirms_LeavesTheEpochAlone()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        for (var number = 2UL; number < 12; number++)
        {
            Pass(ConfirmTimeout / 2);
            await SendAsync(session, 1);
            Pass(ConfirmTimeout / 4);
            await Channel.AckAsync(number - 1);
        }
        Assert.False(Epoch.Loss.IsCompleted);

        Pass(ConfirmTimeout);

        Assert.Equal(LossReason.ConfirmTimeout, (await Epoch.Loss.WaitAsync(Patience, Cancel)).Reason);
    }

    [Fact]
    public async Task Watch_NewerMessagesAreConfirmed_StillCountsTheOldest()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        Pass(ConfirmTimeout - Interval);
        await SendAsync(session, 1);
        await Channel.AckAsync(2);
        Assert.False(Epoch.Loss.IsCompleted);

        Pass(2 * Interval);

        Assert.True(Epoch.Loss.IsCompleted);
    }

    [Fact]
    public async Task Watch_Alarm_SuspendsTheTimeoutAndCountsFromItsEnd()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        Pass(ConfirmTimeout / 2);
        await Source.Publishes.BlockAsync("low on disk");
        Pass(4 * ConfirmTimeout);
        Assert.False(Epoch.Loss.IsCompleted);
        await Source.Publishes.UnblockAsync();
        Pass(ConfirmTimeout);
        Assert.False(Epoch.Loss.IsCompleted);

        Pass(Interval);

        Assert.Equal(LossReason.ConfirmTimeout, (await Epoch.Loss.WaitAsync(Patience, Cancel)).Reason);
    }

    [Fact]
    public async Task Watch_MessageAfterAnAlarm_CountsFromItsWriting()
    {
        var session = await StartAsync();
        await Source.Publishes.BlockAsync("low on disk");
        Pass(Interval);
        await Source.Publishes.UnblockAsync();
        Pass(ConfirmTimeout);
        await SendAsync(session, 1);

        Pass(ConfirmTimeout);
        Assert.False(Epoch.Loss.IsCompleted);
        Pass(Interval);

        Assert.True(Epoch.Loss.IsCompleted);
    }

    [Fact]
    public async Task Watch_EpochEnds_Stops()
    {
        await StartAsync();

        Epoch.End(new Loss(LossReason.Connection, ""));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Watch.WaitAsync(Patience, Cancel));
    }
}
