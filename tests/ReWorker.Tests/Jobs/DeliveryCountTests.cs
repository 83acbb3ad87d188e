using RabbitMQ.Client;
using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>How many attempts have failed, by the broker's count or by the runtime's own.</summary>
public sealed class DeliveryCountTests
{
    private const string Broker = "x-delivery-count";
    private const string Acquired = "x-acquired-count";
    private const string Own = "x-reworker-attempts";

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void PriorAttempts_NoHeaders_CountsTheFlag(bool redelivered, int prior)
    {
        Assert.Equal(prior, DeliveryCount.PriorAttempts(new BasicProperties(), redelivered));
        Assert.Equal(prior, Prior([], redelivered));
    }

    /// <summary>The broker's count includes the delivery that the flag tells of.</summary>
    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(1, true, 1)]
    [InlineData(5, true, 5)]
    public void PriorAttempts_CountedByTheBroker_IgnoresTheFlag(long count, bool redelivered, int prior) =>
        Assert.Equal(prior, Prior(new() { [Broker] = count }, redelivered));

    [Theory]
    [InlineData(3, false, 3)]
    [InlineData(3, true, 4)]
    public void PriorAttempts_OwnCount_AddsTheFlag(int count, bool redelivered, int prior) =>
        Assert.Equal(prior, Prior(new() { [Own] = count }, redelivered));

    [Fact]
    public void PriorAttempts_BothCounts_TakesTheBrokers() =>
        Assert.Equal(2, Prior(new() { [Broker] = 2L, [Own] = 9 }, redelivered: true));

    /// <summary>RabbitMQ 4.3 sends only the acquired count while no attempt has failed.</summary>
    [Fact]
    public void PriorAttempts_OnlyAcquired_IsZero() =>
        Assert.Equal(0, Prior(new() { [Acquired] = 4L }, redelivered: true));

    public static TheoryData<object?, int> Values => new()
    {
        { (byte)1, 1 }, { (sbyte)2, 2 }, { (short)3, 3 }, { (ushort)4, 4 }, { 5, 5 }, { 6U, 6 }, { 7L, 7 }, { 8UL, 8 },
        { (long)int.MaxValue, int.MaxValue }, { int.MaxValue + 1L, int.MaxValue }, { -1, 0 }, { 0, 0 },
        { "9", 0 }, { 9.0, 0 }, { null, 0 }, { new byte[] { 9 }, 0 },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void PriorAttempts_AnyValue_IsAWholeNumberOrZero(object? value, int prior)
    {
        Assert.Equal(prior, Prior(new() { [Broker] = value }, redelivered: false));
        Assert.Equal(prior, Prior(new() { [Own] = value }, redelivered: false));
    }

    [Theory]
    [InlineData(Broker, true, false)]
    [InlineData(Acquired, true, false)]
    [InlineData(Own, false, true)]
    [InlineData("x-other", false, false)]
    public void Headers_EachCount_IsTheBrokersOrTheRuntimes(string header, bool isBrokers, bool isRepublished)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { [header] = 1 } };

        Assert.Equal(
            (isBrokers, isRepublished),
            (DeliveryCount.IsCountedByBroker(properties), DeliveryCount.IsRepublished(properties)));
    }

    [Fact]
    public void Headers_None_NobodyHasCounted()
    {
        var properties = new BasicProperties();

        Assert.False(DeliveryCount.IsCountedByBroker(properties) || DeliveryCount.IsRepublished(properties));
    }

    private static int Prior(Dictionary<string, object?> headers, bool redelivered) =>
        DeliveryCount.PriorAttempts(new BasicProperties { Headers = headers }, redelivered);
}
