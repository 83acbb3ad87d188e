using ReWorker.Tests.Contract;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>Whatever becomes of connections and queues, no message is lost or overtaken.</summary>
public sealed class ResendTests : PublisherTest
{
    /// <summary>At the second loss, some messages are confirmed, some resent, some waiting, and one is new.</summary>
    [Fact]
    public async Task TakeBack_TwoLossesInARow_ResendsInOrderWithTheSameIdsAndTimestamps()
    {
        await StartAsync();
        Send(5);
        await PublishedAsync(5);
        await Channel.AckAsync(2);
        var before = Channel.Published;
        await LoseAsync();
        Time.Advance(TimeSpan.FromMinutes(1));

        Source.OnOpen = connection => connection.OnChannel = channel => channel.OnCall = call =>
            call.Method == "BasicPublishAsync" && channel.Published.Count == 2
                ? Task.Delay(Timeout.Infinite, CancellationToken.None)
                : null;
        await StartAsync();
        await PublishedAsync(2);
        Assert.Equal(["1", "3"], Keys);
        await Channel.AckAsync(1);
        Send(1);
        await LoseAsync();
        Source.OnOpen = null;
        Time.Advance(TimeSpan.FromMinutes(1));
        Send(1);
        await StartAsync();
        await PublishedAsync(5);

        Assert.Equal(["3", "4", "5", "6", "7"], Keys);
        foreach (var again in Channel.Published.Take(3))
        {
            var first = before.Single(message => message.RoutingKey == again.RoutingKey);
            Assert.Equal(first.Properties.MessageId, again.Properties.MessageId);
            Assert.Equal(first.Properties.Timestamp, again.Properties.Timestamp);
            Assert.Equal(first.Body, again.Body);
        }
        Assert.Equal(5, Publisher.Unsettled);
        await Channel.AckAsync(5, multiple: true);
        Assert.Equal(0, Publisher.Unsettled);
    }

    [Fact]
    public async Task TakeBack_TwiceOrWithoutASession_ChangesNothing()
    {
        Publisher.TakeBackUnconfirmed();
        await StartAsync();
        Send(2);
        await PublishedAsync(2);
        await LoseAsync();
        Publisher.TakeBackUnconfirmed();

        await StartAsync();
        await PublishedAsync(2);

        Assert.Equal(["1", "2"], Keys);
    }

    /// <summary>A write that hung in a lost connection returns: its writer must take nothing more.</summary>
    [Fact]
    public async Task TakeBack_WriterHangs_GetsNothingMore()
    {
        var hang = new TaskCompletionSource();
        Source.OnOpen = connection => connection.OnChannel = channel => channel.OnCall = call =>
            call.Method == "BasicPublishAsync" ? hang.Task : null;
        var epoch = await OpenAsync();
        var run = Task.Run(() => Publisher.RunAsync(epoch), Cancel);
        Send(1);
        await PublishedAsync(1);
        var old = Channel;
        // as if the epoch ended right after the writer looked
        Publisher.TakeBackUnconfirmed();
        Source.OnOpen = null;

        // on the pool, the writer goes on within the call
        await Task.Run(hang.SetResult, Cancel);
        Assert.Single(old.Published);
        epoch.End(new Loss(LossReason.Connection, ""));
        await run.WaitAsync(Patience, Cancel);
        Send(1);
        await StartAsync();
        await PublishedAsync(2);

        Assert.Single(old.Published);
        Assert.Equal(["1", "2"], Keys);
    }

    /// <summary>One of two messages has closed the channel: sent singly, the culprit is found.</summary>
    [Fact]
    public async Task Run_AfterAChannelWasClosedOverAMessage_SendsTheUnconfirmedSingly()
    {
        await StartAsync();
        Send(2);
        await PublishedAsync(2);
        await LoseAsync(406);
        Send(3);

        await StartAsync();
        await PublishedAsync(1);
        await Channel.AckAsync(1);
        await PublishedAsync(2);
        Assert.Equal(["1", "2"], Keys);
        await Channel.AckAsync(2);
        await PublishedAsync(5);

        Assert.Equal(["1", "2", "3", "4", "5"], Keys);
    }

    [Fact]
    public async Task Run_AfterAConnectionWasLost_SendsTheUnconfirmedTogether()
    {
        await StartAsync();
        Send(3);
        await PublishedAsync(3);
        await LoseAsync();

        await StartAsync();

        await PublishedAsync(3);
    }

    /// <summary>The quarantine is over with the connection that it was for.</summary>
    [Fact]
    public async Task Run_QuarantineAndThenAConnectionLost_SendsTogetherAgain()
    {
        await StartAsync();
        Send(2);
        await PublishedAsync(2);
        await LoseAsync(406);
        await StartAsync();
        await PublishedAsync(1);
        await LoseAsync();

        await StartAsync();

        await PublishedAsync(2);
    }

    [Fact]
    public async Task TakeBack_CulpritWasAlone_IsGivenUpAndTheOthersGoOn()
    {
        await StartAsync();
        var culprit = Job.SendAsync(Message("culprit"), Cancel);
        await PublishedAsync(1);
        await LoseAsync(406, "PRECONDITION_FAILED");
        Send(1);
        await StartAsync();
        await PublishedAsync(1);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => culprit.WaitAsync(Patience, Cancel));
        Assert.Equal("the broker rejected the message: PRECONDITION_FAILED", error.Message);
        Assert.Equal(["1"], Keys);
        Assert.Equal(1, Publisher.Unsettled);
        Assert.Equal(
            $"Gave up a message of job job to 'culprit': {error.Message}",
            Assert.Single(Log.WithId(LogId.MessageGivenUp)).Message);
    }

    [Fact]
    public async Task Nack_Status_IsSentAgainAfterAPauseAndBeforeTheNext()
    {
        await StartAsync();
        Job.SendStatus("started", Bodies.Started);
        await PublishedAsync(1);
        await Channel.NackAsync(1);
        Job.SendStatus("completed", Bodies.Completed);
        Send(1);
        await PublishedAsync(2);
        Assert.Equal(["replies", "1"], Keys);

        Time.Advance(TimeSpan.FromSeconds(1));
        await PublishedAsync(3);
        await Channel.AckAsync(2);
        Assert.Equal(3, Channel.Published.Count);
        await Channel.AckAsync(3);
        await PublishedAsync(4);
        await Channel.AckAsync(4);

        Assert.Equal(["job:started", "job:started", "job:completed"], Channel.Published
            .Where(message => message.RoutingKey == "replies").Select(message => message.Properties.MessageId));
        Assert.Equal(0, Publisher.Unsettled);
    }

    /// <summary>A resent status has to wait for one that was nacked: what follows it must not wait too.</summary>
    [Fact]
    public async Task Nack_ConnectionIsLost_HoldsUpTheNextStatusOnly()
    {
        await StartAsync();
        Job.SendStatus("started", Bodies.Started);
        Job.SendStatus("completed", Bodies.Completed);
        Send(1);
        await PublishedAsync(3);
        await Channel.NackAsync(1);
        await LoseAsync();

        await StartAsync();
        await PublishedAsync(1);
        Assert.Equal(["1"], Keys);
        Time.Advance(TimeSpan.FromSeconds(1));
        await PublishedAsync(2);
        await Channel.AckAsync(2);
        await PublishedAsync(3);

        Assert.Equal(["job:started", "job:completed"],
            Channel.Published.Skip(1).Select(message => message.Properties.MessageId));
    }

    /// <summary>A nacked message belongs to no session: a loss must neither lose nor double it.</summary>
    [Fact]
    public async Task Nack_ConnectionIsLostDuringThePause_SendsItOnceOnTheNext()
    {
        await StartAsync();
        Job.SendStatus("started", Bodies.Started);
        await PublishedAsync(1);
        await Channel.NackAsync(1);
        await LoseAsync();
        await StartAsync();

        Time.Advance(TimeSpan.FromSeconds(1));
        await PublishedAsync(1);
        await Channel.AckAsync(1);

        Assert.Equal(0, Publisher.Unsettled);
    }
}
