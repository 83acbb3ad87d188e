using ReWorker.Publishing;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>The publisher writes in order, counts what is unconfirmed, and ends the epoch if it cannot write.</summary>
public sealed class PublisherTests : PublisherTest
{
    [Fact]
    public async Task Enqueue_Several_ArePublishedInOrderAndCountedUntilConfirmed()
    {
        Send(2);
        Assert.Equal(2, Publisher.Unsettled);
        await StartAsync();
        await PublishedAsync(2);
        Send(1);
        await PublishedAsync(3);

        Assert.Equal(["1", "2", "3"], Keys);
        await Channel.AckAsync(1);
        Assert.Equal(2, Publisher.Unsettled);
        await Channel.AckAsync(3, multiple: true);
        Assert.Equal(0, Publisher.Unsettled);
        Job.Complete();
        Assert.True(Job.Confirmed.IsCompleted);
    }

    [Fact]
    public async Task Run_WriteFails_EndsTheEpoch()
    {
        var epoch = await OpenAsync();
        Channel.OnCall = _ => Task.FromException(new IOException("broken pipe"));
        var run = Publisher.RunAsync(epoch);
        Send(1);

        Assert.Equal(
            new Loss(LossReason.Publishing, "broken pipe"), await epoch.Loss.WaitAsync(Patience, Cancel));
        await run.WaitAsync(Patience, Cancel);
    }

    /// <summary>The client cannot encode a message: the next connection sends what follows it.</summary>
    [Fact]
    public async Task Run_MessageCannotBeWritten_IsGivenUp()
    {
        var epoch = await OpenAsync();
        Channel.OnCall = _ => Task.FromException(new ArgumentException("a header of an unknown type"));
        var run = Publisher.RunAsync(epoch);
        Send(2);
        Assert.Equal(LossReason.Publishing, (await epoch.Loss.WaitAsync(Patience, Cancel)).Reason);
        await run.WaitAsync(Patience, Cancel);
        Publisher.TakeBackUnconfirmed();

        await StartAsync();
        await PublishedAsync(1);

        Assert.Equal(["2"], Keys);
        Assert.Equal(1, Publisher.Unsettled);
    }

    [Fact]
    public async Task Run_EpochEnds_Returns()
    {
        var epoch = await OpenAsync();
        var run = Publisher.RunAsync(epoch);
        Assert.False(run.IsCompleted);

        epoch.End(new Loss(LossReason.Connection, "gone"));

        await run.WaitAsync(Patience, Cancel);
        Assert.Equal("gone", (await epoch.Loss).Detail);
    }

    [Fact]
    public async Task Run_NoConfirm_EndsTheEpochAfterTheConfiguredTimeout()
    {
        var epoch = await OpenAsync();
        _ = Publisher.RunAsync(epoch);
        Send(1);
        await PublishedAsync(1);
        Pass(TimeSpan.FromSeconds(20));
        Assert.False(epoch.Loss.IsCompleted);

        Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(LossReason.ConfirmTimeout, (await epoch.Loss.WaitAsync(Patience, Cancel)).Reason);
    }

    [Fact]
    public async Task Run_Alarm_HoldsMessagesUntilItsEnd()
    {
        Send(3);
        var epoch = await OpenAsync();
        await Source.Publishes.BlockAsync("low on memory");
        _ = Publisher.RunAsync(epoch);
        Assert.Empty(Channel.Published);

        await Source.Publishes.UnblockAsync();

        await PublishedAsync(3);
    }

    [Theory]
    [InlineData(nameof(MessageKind.Status), "status", true)]
    [InlineData(nameof(MessageKind.Output), "output", false)]
    [InlineData(nameof(MessageKind.Parked), "parked", false)]
    public async Task Return_Kind_IsCountedAndLoggedForStatuses(string kind, string label, bool isLogged)
    {
        using var counted = new Measured(Meters, "reworker.publish.unroutable");
        await StartAsync();
        Job.SendInternal(Message("gone", Enum.Parse<MessageKind>(kind)));
        await PublishedAsync(1);

        await Channel.ReturnAsync(Channel.Published[0]);
        await Channel.AckAsync(1);

        Assert.Equal([$"1 kind={label}"], counted.All);
        Assert.Equal(
            isLogged
                ? ["A status of job job is lost: no queue gone. The job continues; the status is not sent again."]
                : [],
            Log.WithId(LogId.StatusUnroutable).Select(record => record.Message));
        Assert.Equal(0, Publisher.Unsettled);
    }

    [Fact]
    public async Task Ack_RoutedMessage_IsNeitherCountedAsUnroutableNorLogged()
    {
        using var counted = new Measured(Meters, "reworker.publish.unroutable");
        await StartAsync();
        Job.SendStatus("started", Bodies.Started);
        await PublishedAsync(1);

        await Channel.AckAsync(1);

        Assert.Empty(counted.All);
        Assert.Empty(Log.All);
    }
}
