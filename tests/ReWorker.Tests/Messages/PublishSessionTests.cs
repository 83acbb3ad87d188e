using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A session settles each message once, as the broker confirms it, and waits when it has to.</summary>
public sealed class PublishSessionTests : SessionTest
{
    [Fact]
    public async Task WriteAsync_Message_IsPublishedMandatoryWithItsProperties()
    {
        var session = await StartAsync();
        var job = Publisher.Job(Time);
        var message = job.SendInternal(Message(exchange: "other", routingKey: "where"));

        await session.WriteAsync(message);

        var published = Assert.Single(Channel.Published);
        Assert.Equal(("other", "where", true), (published.Exchange, published.RoutingKey, published.Mandatory));
        Assert.Equal(message.MessageId, published.Properties.MessageId);
        Assert.Equal(message.Body, published.Body);
        Assert.Equal(Epoch.Ended, Channel.CallsOf("BasicPublishAsync").Single()[5]);
    }

    [Fact]
    public async Task Ack_EachNumber_SettlesItsMessageOnce()
    {
        var session = await StartAsync();
        await SendAsync(session, 3);

        await Channel.AckAsync(2);
        Assert.Equal([2], SettledNumbers);
        await Channel.AckAsync(1);
        await Channel.AckAsync(2);
        await Channel.AckAsync(3);
        await Channel.AckAsync(4);

        Assert.Equal([2, 1, 3], SettledNumbers);
    }

    [Fact]
    public async Task Ack_Multiple_SettlesAllUpToItInOrder()
    {
        var session = await StartAsync();
        await SendAsync(session, 4);

        await Channel.AckAsync(3, multiple: true);

        Assert.Equal([1, 2, 3], SettledNumbers);
    }

    [Fact]
    public async Task Nack_Multiple_GivesEachBackToItsJobAndSettlesNone()
    {
        var session = await StartAsync();
        var job = Publisher.Job(Time);
        var sent = await SendAsync(session, 2, job);

        await Channel.NackAsync(2, multiple: true);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(Settled);
        Assert.Equal(sent, Publisher.Resent);
        Assert.Empty(session.Detach());
    }

    [Fact]
    public async Task Nack_One_LeavesTheOthersUnconfirmed()
    {
        var session = await StartAsync();
        var sent = await SendAsync(session, 2);

        await Channel.NackAsync(2);

        Assert.Equal([sent[0]], session.Detach());
    }

    [Fact]
    public async Task Confirms_OfEachKind_AreCounted()
    {
        using var counted = new Measured(Meters, "messaging.client.sent.messages");
        var session = await StartAsync();
        await SendAsync(session, 4);

        await Channel.AckAsync(1);
        await Channel.NackAsync(2);
        await Channel.ReturnAsync(Channel.Published[2]);
        await Channel.AckAsync(4, multiple: true);

        const string common = "1 messaging.system=rabbitmq messaging.operation.name=send";
        Assert.Equal([common, $"{common} error.type=nacked", $"{common} error.type=unroutable", common], counted.All);
    }

    [Fact]
    public async Task Return_Message_IsUnroutableWhenItIsSettled()
    {
        var session = await StartAsync();
        await SendAsync(session, 3);

        await Channel.ReturnAsync(Channel.Published[1]);
        Assert.Empty(Settled);
        await Channel.AckAsync(3, multiple: true);

        Assert.Equal([false, true, false], Settled.Select(message => message.Unroutable));
    }

    [Fact]
    public async Task Return_SameIdTwice_MarksBoth()
    {
        var session = await StartAsync();
        var job = Publisher.Job(Time);
        var twice = Message() with { MessageId = "same" };
        foreach (var message in new[] { job.SendInternal(twice), job.SendInternal(twice), job.SendInternal(twice) })
        {
            session.Track(message);
            await session.WriteAsync(message);
        }

        await Channel.ReturnAsync(Channel.Published[0]);
        await Channel.ReturnAsync(Channel.Published[1]);
        await Channel.AckAsync(3, multiple: true);

        Assert.Equal([true, true, false], Settled.Select(message => message.Unroutable));
    }

    [Fact]
    public async Task Return_UnknownMessage_ChangesNothing()
    {
        var session = await StartAsync();
        await SendAsync(session, 1);
        var unknown = Channel.Published[0] with { Properties = new BasicProperties { MessageId = "unknown" } };

        await Channel.ReturnAsync(unknown);
        await Channel.AckAsync(1);

        Assert.False(Assert.Single(Settled).Unroutable);
    }

    /// <summary>The queue may exist by the time that the next connection sends the message again.</summary>
    [Fact]
    public async Task Track_MessageThatAnEarlierConnectionReturned_IsRoutableAgain()
    {
        var first = await StartAsync();
        await SendAsync(first, 1);
        await Channel.ReturnAsync(Channel.Published[0]);
        var message = Assert.Single(first.Detach());

        var second = await StartAsync();
        second.Track(message);
        await Channel.AckAsync(1);

        Assert.False(Assert.Single(Settled).Unroutable);
    }

    [Fact]
    public async Task WriteAsync_ClientCannotEncodeIt_GivesItUp()
    {
        var session = await StartAsync();
        Channel.OnCall = call => call.Method == "BasicPublishAsync"
            ? Task.FromException(new ArgumentException("a header of an unknown type"))
            : null;
        var message = Publisher.Job(Time).SendInternal(Message());
        session.Track(message);

        await Assert.ThrowsAsync<ArgumentException>(async () => await session.WriteAsync(message));

        Assert.Equal("the message cannot be written: a header of an unknown type", message.Error!.Message);
        Assert.Empty(session.Detach());
        Assert.Equal([message], Settled);
    }

    [Fact]
    public async Task WriteAsync_AnotherFailure_KeepsTheMessage()
    {
        var session = await StartAsync();
        Channel.OnCall = call => call.Method == "BasicPublishAsync"
            ? Task.FromException(new IOException("broken pipe"))
            : null;
        var message = Publisher.Job(Time).SendInternal(Message());
        session.Track(message);

        await Assert.ThrowsAsync<IOException>(async () => await session.WriteAsync(message));

        Assert.Null(message.Error);
        Assert.Equal([message], session.Detach());
    }
}
