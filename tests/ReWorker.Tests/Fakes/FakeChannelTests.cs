using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.Fakes;

/// <summary>The fakes do what the client does, as far as the runtime uses it.</summary>
public sealed class FakeChannelTests
{
    [Fact]
    public async Task Epoch_ConnectionsAreFakes_PublishesAndEndsWithTheChannel()
    {
        var time = new FakeTimeProvider();
        var source = new FakeSource(time);
        var epoch = await source.OpenEpochAsync(time);

        await epoch.PublishChannel.BasicPublishAsync(
            "re", "key", mandatory: true, new BasicProperties { MessageId = "m" }, new byte[] { 1 },
            TestContext.Current.CancellationToken);
        await source.Publishes.BlockAsync("low on memory");
        var channel = Assert.Single(source.Publishes.Channels);
        await channel.CloseAsync(406, "PRECONDITION_FAILED");

        var message = Assert.Single(channel.Published);
        Assert.Equal((1ul, "re", "key", true, "m"),
            (message.Number, message.Exchange, message.RoutingKey, message.Mandatory, message.Properties.MessageId));
        Assert.Equal("low on memory", epoch.Alarm.Reason);
        Assert.Equal("PRECONDITION_FAILED (406, closed by the broker)", (await epoch.Loss).Detail);
    }
}
