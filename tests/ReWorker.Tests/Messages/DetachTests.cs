using RabbitMQ.Client;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>
/// A detached session gives back what is unconfirmed, in order, and gives up only a message that closed the channel.
/// </summary>
public sealed class DetachTests : SessionTest
{
    [Fact]
    public async Task Detach_Unconfirmed_GivesThemBackInOrderAndSettlesNone()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 4);
        await Channel.AckAsync(2);

        Assert.Equal([sent[0], sent[2], sent[3]], session.Detach());

        Assert.Equal([2], SettledNumbers);
    }

    [Fact]
    public async Task Detach_Nothing_IsEmpty() => Assert.Empty((await StartAsync()).Detach());

    /// <summary>The client may still raise what it had read: the next session sends these messages again.</summary>
    [Fact]
    public async Task Confirm_AfterDetach_SettlesNothing()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 2);
        session.Detach();

        await Channel.AckAsync(1);
        await Channel.NackAsync(2);
        await Channel.AckAsync(ulong.MaxValue, multiple: true);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(Settled);
        Assert.Empty(Publisher.Resent);
        Assert.All(sent, message => Assert.Null(message.Error));
    }

    [Fact]
    public async Task Track_AfterDetach_IsNotSettledByALateConfirm()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        session.Detach();
        await SendAsync(session, 1);

        await Channel.AckAsync(2);

        Assert.Empty(Settled);
    }

    [Theory]
    [InlineData(403, ShutdownInitiator.Peer, true)]
    [InlineData(404, ShutdownInitiator.Peer, true)]
    [InlineData(406, ShutdownInitiator.Peer, true)]
    [InlineData(541, ShutdownInitiator.Peer, true)]
    [InlineData(400, ShutdownInitiator.Peer, true)]
    [InlineData(320, ShutdownInitiator.Peer, false)]
    [InlineData(200, ShutdownInitiator.Peer, false)]
    [InlineData(541, ShutdownInitiator.Library, false)]
    [InlineData(406, ShutdownInitiator.Application, false)]
    public async Task WasClosedOverAMessage_Reason_IsTrueForErrorsOfTheBroker(
        int code, ShutdownInitiator initiator, bool expected)
    {
        var session = await StartAsync();
        Assert.False(session.WasClosedOverAMessage);

        await CloseChannelAsync(code, initiator: initiator);

        Assert.Equal(expected, session.WasClosedOverAMessage);
    }

    [Theory]
    [InlineData(403, nameof(MessageKind.Sent), "re", true)]
    [InlineData(403, nameof(MessageKind.Notification), "re", true)]
    [InlineData(403, nameof(MessageKind.Status), "", false)] // waits until somebody grants the right
    [InlineData(403, nameof(MessageKind.Output), "re", false)]
    [InlineData(403, nameof(MessageKind.Parked), "", false)]
    [InlineData(404, nameof(MessageKind.Sent), "other", true)]
    [InlineData(404, nameof(MessageKind.Sent), "re", false)] // the next epoch declares it
    [InlineData(404, nameof(MessageKind.Output), "re", false)]
    [InlineData(404, nameof(MessageKind.Status), "", false)]
    [InlineData(406, nameof(MessageKind.Status), "", true)]
    [InlineData(406, nameof(MessageKind.Parked), "", true)]
    [InlineData(405, nameof(MessageKind.Sent), "other", false)]
    [InlineData(320, nameof(MessageKind.Sent), "other", false)]
    [InlineData(499, nameof(MessageKind.Sent), "other", false)]
    [InlineData(500, nameof(MessageKind.Sent), "other", false)] // the first time
    public async Task Detach_AloneOnAClosedChannel_GivesItUpIfItIsTheCulprit(
        int code, string kind, string exchange, bool isGivenUp)
    {
        var session = await StartAsync();
        var message = Publisher.Job(Time).SendInternal(Message(Enum.Parse<MessageKind>(kind), exchange));
        session.Track(message);
        await CloseChannelAsync(code, "it says why");

        var left = session.Detach();

        Assert.Equal(isGivenUp ? [] : [message], left);
        Assert.Equal(isGivenUp ? [message] : [], Settled);
        Assert.Equal(isGivenUp ? "the broker rejected the message: it says why" : null, message.Error?.Message);
    }

    /// <summary>The broker may fail for other reasons: only the third time is it the message's fault.</summary>
    [Theory]
    [InlineData(500)]
    [InlineData(541)]
    public async Task Detach_BrokerFailsThreeTimesOverOneJob_GivesItsMessageUp(int code)
    {
        var message = Publisher.Job(Time).SendInternal(Message(MessageKind.Status, Names.DefaultExchange));
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.Null(message.Error);
            var session = await StartAsync(quarantined: 1);
            session.Track(message);
            await CloseChannelAsync(code);
            Assert.Equal(attempt < 3 ? [message] : [], session.Detach());
            Assert.Equal(attempt, message.Owner.BrokerFailures);
        }

        Assert.NotNull(message.Error);
    }

    [Theory]
    [InlineData(406)]
    [InlineData(541)]
    public async Task Detach_SeveralOnAClosedChannel_AccusesNone(int code)
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 2);
        await CloseChannelAsync(code);

        Assert.Equal(sent, session.Detach());

        Assert.Empty(Settled);
        Assert.All(sent, message => Assert.Equal((null, 0), (message.Error, message.Owner.BrokerFailures)));
    }

    [Fact]
    public async Task Detach_AloneWhenTheClientClosed_KeepsIt()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 1);
        await CloseChannelAsync(406, initiator: ShutdownInitiator.Library);

        Assert.Equal(sent, session.Detach());
    }

    [Fact]
    public async Task Detach_AloneOnAnOpenChannel_KeepsIt()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 1);

        Assert.Equal(sent, session.Detach());
    }

    [Fact]
    public async Task Detach_OneCannotBeWritten_SettlesItAndGivesTheOthersBack()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 3);
        sent[1].Error = new InvalidOperationException("the message cannot be written");

        Assert.Equal([sent[0], sent[2]], session.Detach());

        Assert.Equal([sent[1]], Settled);
    }
}
