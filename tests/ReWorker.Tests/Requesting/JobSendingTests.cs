using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A job is sent once, and again only while it may not have arrived.</summary>
public sealed class JobSendingTests : IAsyncDisposable
{
    private static readonly TimeSpan ResendDelay = TimeSpan.FromMilliseconds(50);
    private static readonly AlreadyClosedException Closed =
        new(new ShutdownEventArgs(ShutdownInitiator.Peer, 320, "closed"));

    private readonly FakeRequester _requester = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _requester.DisposeAsync();

    [Fact]
    public async Task Publish_Job_HasTheContractsProperties()
    {
        using var release = new Activity("release").SetIdFormat(ActivityIdFormat.W3C).Start();
        var running = _requester.Client.RunAsync(new() { Queue = "q", Group = "g", CorrelationId = "c" }, Cancel);
        var sent = await _requester.SentAsync();
        sent.Confirm();
        await _requester.CompleteAsync(sent);
        await running;

        Assert.Equal(("", "worker.q", true, """{"group":"g"}"""), (sent.Exchange, sent.Key, sent.Mandatory, sent.Text));
        var properties = sent.Properties;
        Assert.Equal(
            ("application/json", DeliveryModes.Persistent, "c"),
            (properties.ContentType, properties.DeliveryMode, properties.CorrelationId));
        Assert.Matches("^[0-9A-Z]{26}$", properties.MessageId);
        Assert.Matches("^reply\\.[0-9A-Z]{26}$", properties.ReplyTo);
        Assert.Equal(_requester.Replies.CallsOf("QueueDeclareAsync").Single()[0], properties.ReplyTo);
        Assert.Equal(_requester.Time.Start.ToUnixTimeSeconds(), properties.Timestamp.UnixTime);
        Assert.Contains(release.TraceId.ToHexString(), (string)properties.Headers!["traceparent"]!);
        Assert.Same(_requester.Publishes.Channels[0], sent.Channel);
    }

    [Fact]
    public async Task Publish_Confirmed_WaitsForAWorker()
    {
        var source = new FakeSource(_requester.Time);
        var queue = new ReplyQueue("reply.1", new JobClientOptions(), _ => { });
        await using var connection = new ReplyConnection(source, queue, TimeSpan.FromSeconds(30), _requester.Time);
        var pending = new PendingJob();

        var publisher = new JobPublisher(connection, "reply.1", TimeSpan.Zero, _requester.Time);
        await publisher.PublishAsync(Job(), [], pending, Cancel);

        Assert.Equal("no worker has started it", pending.State);
    }

    [Fact]
    public async Task Publish_LostTwiceBeforeTheConfirm_IsSentAgainUnderTheSameId()
    {
        var running = RunAsync();
        var sent = new List<SentJob> { await _requester.SentAsync() };
        foreach (var i in new[] { 2, 3 })
        {
            await _requester.LoseAsync(i == 2 ? _requester.Publishes : _requester.Consumes);
            sent.Add(await _requester.ResentAsync(i));
        }
        sent[^1].Confirm();
        await _requester.CompleteAsync(sent[^1]);
        await running;

        Assert.Equal(3, _requester.Sent.Count);
        Assert.Single(sent.Select(one => one.Properties.MessageId).Distinct());
        Assert.Single(sent.Select(one => one.Text).Distinct());
        Assert.Equal(3, sent.Select(one => one.Properties).Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.Equal(3, sent.Select(one => one.Channel).Distinct().Count());
        Assert.All(sent, one => Assert.Same(one.Channel, Publishers()[sent.IndexOf(one)].Channels[0]));
    }

    [Fact]
    public async Task Publish_LostWhileConnecting_IsSentOnce()
    {
        var failures = 2;
        _requester.OnConnection = _ =>
        {
            if (Interlocked.Decrement(ref failures) >= 0) throw new IOException("unreachable");
        };
        var running = RunAsync();
        var sent = await _requester.ResentAsync(1);
        sent.Confirm();
        await _requester.CompleteAsync(sent);
        await running;

        Assert.Single(_requester.Sent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_LostAfterTheConfirm_IsNotSentAgain(bool starts)
    {
        // the span ends when the client knows that the job has arrived
        var arrived = new TaskCompletionSource();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name == "send worker.lost" ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = _ => arrived.TrySetResult(),
        };
        ActivitySource.AddActivityListener(listener);
        var running = _requester.Client.RunAsync(new() { Queue = "lost" }, Cancel);
        var sent = await _requester.SentAsync();
        sent.Confirm();
        await arrived.Task.WaitAsync(Cancel);
        if (starts) await _requester.StartAsync(sent);
        await _requester.LoseAsync(_requester.Publishes);
        await UntilReconnectedAsync();

        await _requester.CompleteAsync(sent);

        await running;
        Assert.Single(_requester.Sent);
    }

    [Fact]
    public async Task Publish_LostBeforeTheConfirmButAfterAReply_IsNotSentAgain()
    {
        var running = RunAsync();
        var sent = await _requester.SentAsync();
        await _requester.StartAsync(sent);
        await _requester.LoseAsync(_requester.Publishes);
        await UntilReconnectedAsync();
        await _requester.Time.TimerAsync(ResendDelay);
        _requester.Time.Advance(ResendDelay);

        await _requester.CompleteAsync(sent);

        await running;
        Assert.Single(_requester.Sent);
    }

    /// <summary>The client notices a closed channel before the session does.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_ChannelClosedOrTimedOut_IsSentAgainAfterAPause(bool timesOut)
    {
        var running = RunAsync();
        var first = await _requester.SentAsync();
        first.Throw(timesOut ? new TimeoutException() : Closed);
        await _requester.Time.TimerAsync(ResendDelay);
        Assert.Single(_requester.Sent);
        _requester.Time.Advance(ResendDelay);

        var second = await _requester.SentAsync(2);
        second.Confirm();
        await _requester.CompleteAsync(second);

        await running;
        Assert.Equal(first.Properties.MessageId, second.Properties.MessageId);
    }

    [Fact]
    public async Task Publish_UnexpectedError_IsThrown()
    {
        var running = RunAsync();
        (await _requester.SentAsync()).Throw(new NotSupportedException("why"));

        await Assert.ThrowsAsync<NotSupportedException>(() => running);
        Assert.Single(_requester.Sent);
    }

    [Fact]
    public async Task Publish_CancelledAfterALoss_IsNotSentAgain()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _requester.Client.RunAsync(Job(), source.Token);
        await _requester.SentAsync();
        await _requester.LoseAsync(_requester.Publishes);
        await _requester.Time.TimerAsync(ResendDelay);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await UntilReconnectedAsync();
        Assert.Single(_requester.Sent);
    }

    [Fact]
    public async Task Publish_CancelledAsTheChannelCloses_IsCancelled()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        _requester.OnCall = (_, call) =>
        {
            if (call.Method != "BasicPublishAsync") return null;
            source.Cancel();
            return Task.FromException(Closed);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _requester.Client.RunAsync(Job(), source.Token));
    }

    /// <summary>A write that is cut short would leave the channel in doubt, which other jobs share.</summary>
    [Fact]
    public async Task Publish_Cancelled_DoesNotCutTheWriteShort()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _requester.Client.RunAsync(Job(), source.Token);
        var sent = await _requester.SentAsync();

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.False(sent.Token.IsCancellationRequested);
        await _requester.LoseAsync(_requester.Publishes);
        await Until.TrueAsync(() => sent.Token.IsCancellationRequested);
    }

    private static JobRequest Job(string id = "c") => new() { Queue = "q", CorrelationId = id };

    private Task<JobResult> RunAsync() => _requester.Client.RunAsync(Job(), Cancel);

    private List<FakeConnection> Publishers() =>
        [.. _requester.Source.Connections.Where(one => one.Name == "requester")];

    /// <summary>Lets the backoff pass, until there is a second session.</summary>
    private Task UntilReconnectedAsync() => _requester.Time.AdvanceUntilAsync(
        () => _requester.Source.Connections.Count == 4
            && _requester.Consumes.Channels.Any(channel => channel.Consumer is not null));
}
