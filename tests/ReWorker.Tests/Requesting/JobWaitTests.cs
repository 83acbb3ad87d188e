using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A wait ends at its time limit, when it is cancelled, or with the client, and says which it was.</summary>
public sealed class JobWaitTests : IAsyncDisposable
{
    private readonly FakeRequester _requester = new() { ConfirmsAll = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _requester.DisposeAsync();

    [Theory]
    [InlineData("unconfirmed", "the broker has not confirmed it")]
    [InlineData("started", "a worker has started it and not finished it")]
    [InlineData("blocked", "amqp://guest@localhost:5672/%2F has blocked publishing: low on memory")]
    [InlineData("lost", @"(lost amqp://.*: gone \(320, closed by the broker\)|tried amqp://.* \d times?: unreachable)")]
    public async Task SendAsync_NoEndInTime_SaysHowFarTheJobHasCome(string phase, string state)
    {
        _requester.ConfirmsAll = phase is not "unconfirmed";
        var limit = TimeSpan.FromSeconds(20.5);
        var running = _requester.Client.RunAsync(Job("a", limit), Cancel);
        var sent = await _requester.SentAsync();
        if (phase is "started") await _requester.StartAsync(sent);
        if (phase is "blocked") await _requester.Publishes.BlockAsync("low on memory");
        if (phase is "lost")
        {
            _requester.OnConnection = _ => throw new IOException("unreachable");
            await _requester.LoseAsync(_requester.Consumes, "gone");
        }
        _requester.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.False(running.IsCompleted);
        _requester.Time.Advance(TimeSpan.FromSeconds(5.5));

        // much less than the limit: it counts in the client's time
        var error = await Assert.ThrowsAsync<TimeoutException>(() => running.WaitAsync(limit / 2, Cancel));

        Assert.Matches($@"^no answer from worker\.q within 20\.5 s: {state}$", error.Message);
    }

    [Theory]
    [InlineData("unconfirmed")]
    [InlineData("confirmed")]
    [InlineData("started")]
    public async Task SendAsync_Cancelled_ThrowsWithTheCallersTokenAndForgetsTheJob(string phase)
    {
        _requester.ConfirmsAll = phase is not "unconfirmed";
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _requester.Client.RunAsync(Job("a"), source.Token);
        var sent = await _requester.SentAsync();
        if (phase is "started") await _requester.StartAsync(sent);

        await source.CancelAsync();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);

        Assert.Equal(source.Token, error.CancellationToken);
        _requester.ConfirmsAll = true;
        var again = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync(2);
        await _requester.ReplyAsync("a", """{"status":"completed"}""");
        await again;
    }

    [Theory]
    [InlineData("unconfirmed")]
    [InlineData("started")]
    public async Task DisposeAsync_JobsPending_EndsThemAndDeletesTheQueue(string phase)
    {
        _requester.ConfirmsAll = phase is not "unconfirmed";
        var running = _requester.Client.RunAsync(Job("a", TimeSpan.FromDays(1)), Cancel);
        var sent = await _requester.SentAsync();
        if (phase is "started") await _requester.StartAsync(sent);

        await _requester.Client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _requester.Client.RunAsync(Job("b"), Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _requester.Client.RunAsync(Job(""), Cancel));
        Assert.All(
            _requester.Source.Connections, one => Assert.Contains(one.Calls, call => call.Method == "CloseAsync"));
        var deleted = _requester.Consumes.Channels.SelectMany(channel => channel.CallsOf("QueueDeleteAsync"));
        Assert.Equal(sent.Properties.ReplyTo, Assert.Single(deleted)[0]);
        await _requester.Client.DisposeAsync();
        Assert.Equal(2, _requester.Source.Connections.Count);
    }

    [Fact]
    public async Task DisposeAsync_NothingSent_OpensNoConnection()
    {
        await _requester.Client.DisposeAsync();

        Assert.Empty(_requester.Source.Connections);
    }

    [Fact]
    public async Task ConnectAsync_BrokerReachable_ConnectsBeforeTheFirstJob()
    {
        await _requester.Client.ConnectAsync(TimeSpan.FromSeconds(1), Cancel);

        Assert.Equal(2, _requester.Source.Connections.Count);
        Assert.Empty(_requester.Sent);
    }

    [Theory]
    [InlineData(true, @"tried amqp://guest@localhost:5672/%2F \d times?: unreachable")]
    [InlineData(false, "the broker does not answer")]
    public async Task ConnectAsync_BrokerUnreachable_TimesOutWithTheReason(bool answers, string reason)
    {
        var hanging = new TaskCompletionSource();
        if (answers) _requester.OnConnection = _ => throw new IOException("unreachable");
        else _requester.OnCall = (_, _) => hanging.Task;
        var connecting = _requester.Client.ConnectAsync(TimeSpan.FromSeconds(1.5), Cancel);
        if (answers) await Until.TrueAsync(() => _requester.Troubles.Any());
        await _requester.Time.TimerAsync(TimeSpan.FromSeconds(1.5));
        _requester.Time.Advance(TimeSpan.FromSeconds(1.5));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => connecting);

        Assert.Matches($@"^not connected within 1\.5 s: {reason}$", error.Message);
        hanging.SetResult();
    }

    [Fact]
    public void JobClient_InvalidOptions_AreRejected()
    {
        var options = new JobClientOptions { ReplyQueueLifetime = TimeSpan.Zero };

        Assert.Throws<ArgumentException>(() => new FakeRequester(options));
    }

    private static JobRequest Job(string id, TimeSpan? timeout = null) =>
        new() { Queue = "q", CorrelationId = id, Timeout = timeout ?? Timeout.InfiniteTimeSpan };
}
