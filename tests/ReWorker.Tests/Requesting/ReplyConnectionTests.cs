using System.Collections.Concurrent;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A requester reconnects after each loss, more slowly each time, and says why no job can be sent.</summary>
public sealed class ReplyConnectionTests : IAsyncDisposable
{
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(3);

    private readonly RecordingTime _time = new();
    private readonly ConcurrentQueue<string> _reports = [];
    private readonly FakeSource _source;
    private readonly ReplyConnection _connection;
    private int _failures;
    private Exception _failure = new IOException("unreachable");

    public ReplyConnectionTests()
    {
        _source = new FakeSource(_time) { OnOpen = Open };
        var queue = new ReplyQueue("reply.1", new JobClientOptions { FollowOutput = false }, _ => { });
        var confirmTimeout = TimeSpan.FromSeconds(30);
        _connection = new ReplyConnection(_source, queue, confirmTimeout, _time) { OnTrouble = _reports.Enqueue };
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The pauses so far. Closing a connection has the longest pause as its time limit.</summary>
    private List<TimeSpan> Pauses => [.. _time.Delays.Where(delay => delay < MaxBackoff)];

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public async Task GetSession_CalledByManyJobs_OpensOne()
    {
        var sessions = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _connection.GetSessionAsync(Cancel)));

        Assert.Single(sessions.Distinct());
        Assert.Equal(["requester", "requester, replies"], _source.Connections.Select(one => one.Name).Order());
        Assert.Null(_connection.Trouble);
    }

    [Fact]
    public async Task GetSession_Cancelled_EndsOnlyThatWait()
    {
        _failures = 1;
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var cancelled = _connection.GetSessionAsync(source.Token);
        var other = _connection.GetSessionAsync(Cancel);
        await WaitForReportsAsync(1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await _time.AdvanceUntilAsync(() => other.IsCompleted);
        Assert.False((await other).IsLost);
    }

    [Fact]
    public async Task GetSession_AfterALoss_IsAnother()
    {
        var first = await _connection.GetSessionAsync(Cancel);
        await LoseAsync("gone");
        var next = _connection.GetSessionAsync(Cancel);
        Assert.False(next.IsCompleted);
        Assert.Equal(
            $"lost {FakeRequester.Address}: gone (320, closed by the broker)", _connection.Trouble);

        await _time.AdvanceUntilAsync(() => next.IsCompleted);

        Assert.NotSame(first, await next);
        Assert.Null(_connection.Trouble);
        Assert.All(_source.Connections.Take(2), one => Assert.Contains(one.Calls, call => call.Method == "CloseAsync"));
    }

    [Fact]
    public async Task Trouble_WhileNotConnected_CountsTheAttempts()
    {
        _failures = 3;
        var session = _connection.GetSessionAsync(Cancel);
        await WaitForPausesAsync(1);
        Assert.Equal($"tried {FakeRequester.Address} 1 time: unreachable", _connection.Trouble);
        Pass();
        await WaitForPausesAsync(2);
        Assert.Equal($"tried {FakeRequester.Address} 2 times: unreachable", _connection.Trouble);

        await _time.AdvanceUntilAsync(() => session.IsCompleted);
        _failures = 1;
        await LoseAsync("gone");
        await WaitForPausesAsync(4);
        Pass();
        await WaitForPausesAsync(5);

        // counted from one again
        Assert.Equal($"tried {FakeRequester.Address} 1 time: unreachable", _connection.Trouble);
    }

    [Fact]
    public async Task OnTrouble_SameReasonInARow_IsCalledOnce()
    {
        _failures = 2;
        var session = _connection.GetSessionAsync(Cancel);
        await WaitForPausesAsync(1);
        Pass();
        await WaitForPausesAsync(2);
        _failures = 1;
        _failure = new IOException("another reason");
        Pass();
        await _time.AdvanceUntilAsync(() => session.IsCompleted);
        await LoseAsync("gone");
        var next = _connection.GetSessionAsync(Cancel);
        await _time.AdvanceUntilAsync(() => next.IsCompleted);
        await LoseAsync("gone"); // again, but connected in between

        Assert.Equal(
            ["tried 1 time: unreachable", "tried 3 times: another reason", "lost: gone", "lost: gone"],
            _reports.Select(report => report.Replace($" {FakeRequester.Address}", "", StringComparison.Ordinal)
                .Replace(" (320, closed by the broker)", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Trouble_Blocked_IsTheAlarmUntilItEnds()
    {
        await _connection.GetSessionAsync(Cancel);
        var publishes = _source.Connections.Single(one => one.Name == "requester");

        await publishes.BlockAsync("low on disk");
        Assert.Equal($"{FakeRequester.Address} has blocked publishing: low on disk", _connection.Trouble);
        await publishes.UnblockAsync();

        Assert.Null(_connection.Trouble);
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task Backoff_FailuresInARow_DoublesUpToThreeSeconds()
    {
        _failures = int.MaxValue;
        _ = _connection.GetSessionAsync(Cancel);
        for (var i = 1; i <= 7; i++)
        {
            await WaitForPausesAsync(i);
            Pass();
        }

        double[] most = [0.25, 0.5, 1, 2, 3, 3, 3];
        Assert.All(
            Pauses.Take(7).Zip(most),
            one => Assert.InRange(one.First.TotalSeconds, one.Second / 2, one.Second));
    }

    /// <summary>A broker that accepts connections and drops them is not asked again at once.</summary>
    [Theory]
    [InlineData(3.0, false)]
    [InlineData(3.1, true)]
    public async Task Backoff_AfterASession_StartsAgainOnlyIfItLasted(double seconds, bool startsAgain)
    {
        _failures = 3;
        var session = _connection.GetSessionAsync(Cancel);
        for (var i = 1; i <= 3; i++)
        {
            await WaitForPausesAsync(i);
            Pass();
        }
        await session;
        _time.Advance(TimeSpan.FromSeconds(seconds));
        await LoseAsync("gone");
        await WaitForPausesAsync(4);

        Assert.Equal(startsAgain, Pauses[3] <= TimeSpan.FromSeconds(0.25));
    }

    [Theory]
    [InlineData("pausing")]
    [InlineData("connecting")]
    [InlineData("connected")]
    [InlineData("unused")]
    public async Task DisposeAsync_InEachState_Ends(string state)
    {
        if (state is "pausing") _failures = int.MaxValue;
        if (state is "connecting") _source.OnOpen = connection => connection.OnCall =
            call => call.Method == "CreateChannelAsync" ? Task.Delay(Timeout.Infinite, Token(call)) : null;
        var session = state is "unused" ? null : _connection.GetSessionAsync(Cancel);
        if (state is "pausing") await WaitForPausesAsync(1);
        if (state is "connecting") await Until.TrueAsync(() => _source.Connections.Count == 2);
        if (state is "connected") await session!;
        var opened = _source.Connections.Count;

        var disposing = _connection.DisposeAsync().AsTask();
        // a broker that answers nothing does not delete the queue either
        if (state is "connecting") await _time.AdvanceUntilAsync(() => disposing.IsCompleted, "the disposal");
        await disposing.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal(opened, _source.Connections.Count);
        Assert.Equal(state is "connected", DeletedQueues().Any());
        if (state is not "pausing") Assert.Empty(_reports);

        static CancellationToken Token(FakeCall call) => call.Arguments.OfType<CancellationToken>().Single();
    }

    [Fact]
    public async Task DisposeAsync_Connected_WaitsUntilTheQueueIsDeleted()
    {
        await _connection.GetSessionAsync(Cancel);
        var (deleting, deleted) = (new TaskCompletionSource(), new TaskCompletionSource());
        var consumes = _source.Connections.Single(one => one.Name == "requester, replies");
        consumes.OnChannel = channel => channel.OnCall = call =>
        {
            if (call.Method != "QueueDeleteAsync") return null;
            deleting.TrySetResult();
            return deleted.Task.ContinueWith(_ => Thread.Yield(), TaskScheduler.Default);
        };

        var disposing = _connection.DisposeAsync().AsTask();
        await deleting.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await Assert.ThrowsAsync<TimeoutException>(() => disposing.WaitAsync(TimeSpan.FromMilliseconds(200), Cancel));
        deleted.SetResult();
        await disposing;

        Assert.Contains(consumes.Calls, call => call.Method == "CloseAsync");
    }

    private IEnumerable<object?[]> DeletedQueues() => _source.Connections
        .SelectMany(one => one.Channels)
        .SelectMany(channel => channel.CallsOf("QueueDeleteAsync"));

    private void Open(FakeConnection connection)
    {
        if (connection.Name == "requester" && Interlocked.Decrement(ref _failures) >= 0) throw _failure;
    }

    private async Task LoseAsync(string reason)
    {
        var before = _reports.Count;
        await _source.Connections[^1].CloseAsync(320, reason);
        await WaitForReportsAsync(before + 1);
    }

    private Task WaitForReportsAsync(int count) => Until.TrueAsync(() => _reports.Count >= count, $"{count} reports");

    private Task WaitForPausesAsync(int count) => Until.TrueAsync(() => Pauses.Count >= count, $"{count} pauses");

    /// <summary>Lets the last pause pass.</summary>
    private void Pass() => _time.Advance(Pauses[^1]);
}
