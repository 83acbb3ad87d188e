using Microsoft.Extensions.Time.Testing;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>Everybody who waits for an alarm's end goes on at its end, and the end is remembered.</summary>
public sealed class ResourceAlarmTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void New_IsNotRaised()
    {
        var alarm = new ResourceAlarm(_time);

        Assert.False(alarm.IsRaised);
        Assert.Null(alarm.Reason);
        Assert.Equal(0, alarm.EndedAt);
        Assert.True(alarm.WaitForEndAsync(Cancel).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Raise_ThenEnd_HoldsWaitersInBetween()
    {
        var alarm = new ResourceAlarm(_time);

        alarm.Raise("low on memory");
        var (one, two) = (alarm.WaitForEndAsync(Cancel), alarm.WaitForEndAsync(Cancel));
        Assert.True(alarm.IsRaised);
        Assert.Equal("low on memory", alarm.Reason);
        Assert.False(one.IsCompleted || two.IsCompleted);

        _time.Advance(TimeSpan.FromMinutes(3));
        alarm.End();
        await Task.WhenAll(one, two).WaitAsync(Patience, Cancel);

        Assert.False(alarm.IsRaised);
        Assert.Equal(_time.GetTimestamp(), alarm.EndedAt);
        Assert.True(alarm.WaitForEndAsync(Cancel).IsCompletedSuccessfully);
    }

    /// <summary>Memory first, then the disk as well: the broker tells of both, and of one end.</summary>
    [Fact]
    public async Task Raise_Twice_KeepsTheFirstWaiters()
    {
        var alarm = new ResourceAlarm(_time);

        alarm.Raise("low on memory");
        var first = alarm.WaitForEndAsync(Cancel);
        alarm.Raise("low on disk");
        var second = alarm.WaitForEndAsync(Cancel);
        Assert.Equal("low on disk", alarm.Reason);
        alarm.End();

        await Task.WhenAll(first, second).WaitAsync(Patience, Cancel);
    }

    [Fact]
    public async Task Raise_AfterAnEnd_HoldsWaitersAgain()
    {
        var alarm = new ResourceAlarm(_time);
        alarm.Raise("low on memory");
        _time.Advance(TimeSpan.FromSeconds(1));
        alarm.End();
        var firstEnd = alarm.EndedAt;

        alarm.Raise("low on disk");
        var waiter = alarm.WaitForEndAsync(Cancel);
        Assert.False(waiter.IsCompleted);
        Assert.Equal(firstEnd, alarm.EndedAt);
        _time.Advance(TimeSpan.FromSeconds(1));
        alarm.End();
        await waiter.WaitAsync(Patience, Cancel);

        Assert.Equal(_time.GetTimestamp(), alarm.EndedAt);
    }

    [Fact]
    public void End_NotRaised_DoesNoHarm()
    {
        var alarm = new ResourceAlarm(_time);
        alarm.End();
        alarm.Raise("low on memory");
        alarm.End();
        alarm.End();

        Assert.False(alarm.IsRaised);
    }

    [Fact]
    public async Task WaitForEndAsync_Cancelled_StopsWaiting()
    {
        var alarm = new ResourceAlarm(_time);
        alarm.Raise("low on memory");
        using var stop = new CancellationTokenSource();
        var waiter = alarm.WaitForEndAsync(stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter.WaitAsync(Patience, Cancel));
        Assert.True(alarm.IsRaised);
    }

    /// <summary>Who sees that the alarm has ended must see when: else old messages time out at once.</summary>
    [Fact]
    public void End_SetsTheTimeBeforeTheAlarmIsOver()
    {
        var time = new WatchedTime();
        var alarm = new ResourceAlarm(time);
        alarm.Raise("low on memory");
        bool? wasRaised = null;
        time.OnTimestamp = () => wasRaised = alarm.IsRaised;

        alarm.End();

        Assert.True(wasRaised);
    }

    /// <summary>The connection's reader ends the alarm: what waited must not run in its place.</summary>
    [Fact]
    public async Task End_RunsNoWaiterOnItsOwnThread()
    {
        var alarm = new ResourceAlarm(_time);
        alarm.Raise("low on memory");
        var waiter = alarm.WaitForEndAsync(CancellationToken.None).ContinueWith(
            _ => Environment.CurrentManagedThreadId, Cancel, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        var reader = new Thread(alarm.End);

        reader.Start();
        reader.Join();

        Assert.NotEqual(reader.ManagedThreadId, await waiter.WaitAsync(Patience, Cancel));
    }

    private sealed class WatchedTime : TimeProvider
    {
        public Action? OnTimestamp { get; set; }

        public override long GetTimestamp()
        {
            OnTimestamp?.Invoke();
            return 1;
        }
    }
}
