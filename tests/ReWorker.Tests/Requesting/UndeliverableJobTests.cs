using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A job that the broker returns, does not accept or rejects fails alone, and says why.</summary>
public sealed class UndeliverableJobTests : IAsyncDisposable
{
    private const string Missing = "queue worker.q does not exist: is the worker running, and is this its queue?";

    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(250);
    private static readonly AlreadyClosedException Closed =
        new(new ShutdownEventArgs(ShutdownInitiator.Peer, 320, "closed"));

    private readonly FakeRequester _requester = new(new() { QueueTimeout = TimeSpan.FromSeconds(2) });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _requester.DisposeAsync();

    [Fact]
    public async Task Publish_Nacked_FailsAtOnce()
    {
        var running = RunAsync();
        (await _requester.SentAsync()).Nack();

        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(() => running);

        Assert.Equal("the broker did not accept the job: is queue worker.q full?", error.Message);
        Assert.IsType<PublishException>(error.InnerException);
        Assert.Single(_requester.Sent);
    }

    [Fact]
    public async Task Publish_ReturnedAndNoTimeout_FailsAtOnce()
    {
        await using var requester = new FakeRequester();
        var running = requester.Client.RunAsync(Job(), Cancel);
        (await requester.SentAsync()).Return();

        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(() => running);

        Assert.Equal(Missing, error.Message);
        Assert.True(Assert.IsType<PublishException>(error.InnerException).IsReturn);
        Assert.Empty(requester.Troubles);
    }

    [Fact]
    public async Task Publish_ReturnedUntilTheTimeout_IsTriedEveryQuarterSecondAndReportedOnce()
    {
        var running = RunAsync();
        await _requester.SentAsync();
        _requester.Time.Advance(TimeSpan.FromSeconds(1.9)); // the wait begins with the first return
        for (var i = 1; i <= 8; i++)
        {
            (await _requester.SentAsync(i)).Return();
            await _requester.Time.TimerAsync(PollDelay, i);
            Assert.False(running.IsCompleted);
            _requester.Time.Advance(PollDelay);
        }
        (await _requester.SentAsync(9)).Return();

        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(() => running);

        Assert.Equal(Missing, error.Message);
        Assert.Equal([$"Jobs and replies wait for the broker: {Missing}"], _requester.Troubles);
    }

    [Fact]
    public async Task Publish_QueueDeclaredInTime_Arrives()
    {
        var running = RunAsync();
        (await _requester.SentAsync()).Return();
        await _requester.Time.TimerAsync(PollDelay);
        _requester.Time.Advance(PollDelay);

        var second = await _requester.SentAsync(2);
        second.Confirm();
        await _requester.CompleteAsync(second);

        await running;
        Assert.Equal(_requester.Sent[0].Properties.MessageId, second.Properties.MessageId);
    }

    /// <summary>Each of the jobs is sent again on a channel of its own, so that the rejected one is known.</summary>
    [Theory]
    [InlineData(403)]
    [InlineData(406)]
    public async Task Publish_BrokerRejectsOneOfTwo_OnlyThatFails(ushort code)
    {
        var good = _requester.Client.RunAsync(Job("good"), Cancel);
        var bad = _requester.Client.RunAsync(Job("bad"), Cancel);
        var shared = (await _requester.SentAsync(2)).Channel;
        await _requester.LoseAsync(shared, code, "too large");
        await _requester.ResentAsync(4);

        foreach (var job in _requester.Sent.Skip(2).ToList())
        {
            Assert.NotSame(Publishers()[1].Channels[0], job.Channel);
            if (job.Properties.CorrelationId is "good") job.Confirm();
            else await job.Channel.CloseAsync(code, "too large");
            if (job.Properties.CorrelationId is "bad") job.Throw(Closed);
        }
        await _requester.ReplyAsync("good", """{"status":"completed"}""");

        await good;
        var error = await Assert.ThrowsAsync<JobNotDeliveredException>(() => bad);
        Assert.Equal("the broker rejected the job: too large", error.Message);
        Assert.IsType<AlreadyClosedException>(error.InnerException);
        Assert.Equal(4, _requester.Sent.Count);
        Assert.Equal(2, Publishers().Count);
        await Until.TrueAsync(() => _requester.Sent.Skip(2).All(job => job.Channel.IsDisposed));
        Assert.False(Publishers()[1].Channels[0].IsDisposed);
    }

    [Fact]
    public async Task Publish_RejectedWhileTheConnectionIsLost_IsNotSentAgain()
    {
        var running = RunAsync();
        await _requester.LoseAsync((await _requester.SentAsync()).Channel, 406, "too large");
        _requester.OnCall = (channel, call) =>
        {
            if (call.Method != "BasicPublishAsync") return null;
            _ = channel.CloseAsync(406, "too large");
            _ = _requester.Publishes.CloseAsync(320, "gone");
            return Task.FromException(Closed);
        };
        await _requester.Time.AdvanceUntilAsync(() => running.IsCompleted);

        await Assert.ThrowsAsync<JobNotDeliveredException>(() => running);
    }

    [Fact]
    public async Task Publish_LostAfterARejection_StaysOnAChannelOfItsOwn()
    {
        var running = RunAsync();
        await _requester.LoseAsync((await _requester.SentAsync()).Channel, 406, "too large");
        await _requester.ResentAsync();
        await _requester.LoseAsync(_requester.Publishes);

        var third = await _requester.ResentAsync(3);

        Assert.NotSame(Publishers()[2].Channels[0], third.Channel);
        third.Confirm();
        await _requester.CompleteAsync(third);
        await running;
    }

    [Theory]
    [InlineData(404, ShutdownInitiator.Peer)]
    [InlineData(406, ShutdownInitiator.Library)]
    [InlineData(403, ShutdownInitiator.Application)]
    public async Task Publish_ChannelClosedForAnotherReason_IsSentAgainOnTheSharedChannel(
        ushort code, ShutdownInitiator initiator)
    {
        var running = RunAsync();
        await _requester.LoseAsync((await _requester.SentAsync()).Channel, code, "why", initiator);

        var second = await _requester.ResentAsync();
        second.Confirm();
        await _requester.CompleteAsync(second);

        await running;
        Assert.Same(Publishers()[1].Channels[0], second.Channel);
    }

    private static JobRequest Job(string id = "c") => new() { Queue = "q", CorrelationId = id };

    private Task<JobResult> RunAsync() => _requester.Client.RunAsync(Job(), Cancel);

    private List<FakeConnection> Publishers() =>
        [.. _requester.Source.Connections.Where(one => one.Name == "requester")];
}
