using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Every settlement is written once, as what it is, and in as few frames as are safe.</summary>
public sealed class AckWriterTests : AckWriterTest
{
    [Fact]
    public async Task Acks_OfAnUnbrokenRun_AreOneFrame()
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 2, 1, 3);

        await WriteAsync();

        Assert.Equal(["Ack 3 True"], Written);
    }

    [Fact]
    public async Task Ack_OfTheOnlyDelivery_IsWritten()
    {
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);

        await WriteAsync();

        Assert.Equal(["Ack 1 True"], Written);
    }

    [Fact]
    public async Task Acks_BehindAnOpenDelivery_AreAFrameEach()
    {
        Deliver(1, 4);
        Settle(Settlement.Ack, 1, 3, 4);
        await WriteAsync();

        Settle(Settlement.Ack, 2);
        await FlushAsync();
        Deliver(5, 6);
        Settle(Settlement.Ack, 6, 5);
        await FlushAsync();

        // the broker closes the connection for an ack of what is not open, and loses a job that runs for one too many
        Assert.Equal(["Ack 1 True", "Ack 3 False", "Ack 4 False", "Ack 2 True", "Ack 6 True"], Written);
    }

    [Fact]
    public async Task Acks_NoneFromTheOldestOn_WriteNoMultiple()
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 2);
        await WriteAsync();
        Settle(Settlement.Ack, 3);
        await FlushAsync();

        Assert.Equal(["Ack 2 False", "Ack 3 False"], Written);
    }

    [Theory]
    [InlineData(Settlement.RequeueUncounted, "Nack 2 False True")]
    [InlineData(Settlement.RequeueCounted, "Reject 2 True")]
    internal async Task Requeue_BetweenAcks_DoesNotBreakTheRun(Settlement settlement, string expected)
    {
        Deliver(1, 3);
        Settle(Settlement.Ack, 1);
        Settle(settlement, 2);
        Settle(Settlement.Ack, 3);

        await WriteAsync();

        Assert.Equal([expected, "Ack 3 True"], Written);
    }

    [Fact]
    public async Task Requeues_Alone_WriteNoAck()
    {
        Deliver(1, 3);
        Settle(Settlement.RequeueUncounted, 1, 2);
        await WriteAsync();
        Deliver(4, 4);
        Settle(Settlement.Ack, 4);
        await FlushAsync();
        Settle(Settlement.Ack, 3);
        await FlushAsync();

        Assert.Equal(["Nack 1 False True", "Nack 2 False True", "Ack 4 False", "Ack 3 True"], Written);
    }

    /// <summary>
    /// At most a prefetch is unsettled at the broker: the fourth delivery proves that it has processed the first
    /// settlement, and no earlier one proves it.
    /// </summary>
    [Theory]
    [InlineData(3, DeliveryKind.Duplicate)]
    [InlineData(4, DeliveryKind.Redelivered)]
    internal async Task Ack_ProvenByLaterDeliveries_IsForgotten(int deliveries, DeliveryKind expected)
    {
        Deliver(1, 1);
        Deliveries[1].Job!.Complete(Settlement.Ack);
        Settle(Settlement.Ack, 1);
        await WriteAsync();
        Deliver(2, (ulong)deliveries);

        Assert.Equal(expected, KindOfRedelivery(1));
        Assert.All(Enumerable.Range(2, deliveries - 1), tag => Assert.True(IsKnown((ulong)tag), $"{tag}"));
    }

    [Theory]
    [InlineData(Settlement.Ack)]
    [InlineData(Settlement.RequeueUncounted)]
    [InlineData(Settlement.RequeueCounted)]
    internal async Task Settlements_OneByOne_AreForgottenInTheirOrder(Settlement settlement)
    {
        Deliver(1, 3);
        Settle(settlement, 3);
        await WriteAsync();
        Settle(settlement, 2);
        await FlushAsync();
        Deliver(4, 4);

        Assert.False(IsKnown(3));
        Assert.True(IsKnown(1));
        Assert.True(IsKnown(2));

        Deliver(5, 5);

        Assert.False(IsKnown(2));
        Assert.True(IsKnown(1));
    }
}
