using Microsoft.Extensions.Time.Testing;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>What a full queue has nacked is sent again one by one, in order, each time after a pause.</summary>
public sealed class NackedMessagesTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingPublisher _publisher = new();
    private readonly NackedMessages _nacked;

    public NackedMessagesTests() => _nacked = new NackedMessages(_publisher, _time);

    private int[] Resent => [.. _publisher.Resent.Select(message => message.Sequence)];

    [Fact]
    public void Add_First_ResendsItAfterAPause()
    {
        _nacked.Add(Status(1));

        _time.Advance(Pause - Moment);
        Assert.Empty(Resent);
        _time.Advance(Moment);
        Assert.Equal([1], Resent);
    }

    [Fact]
    public void MustWait_NothingNacked_IsFalse()
    {
        Assert.False(_nacked.MustWait(Status(1)));
        Assert.False(_nacked.MustWait(Output(2)));
    }

    [Fact]
    public void Settled_OnTrial_SendsTheNextWithoutAPause()
    {
        var (first, second, third) = (Status(1), Status(2), Status(3));
        _nacked.Add(first);
        Assert.True(_nacked.MustWait(second));
        Assert.True(_nacked.MustWait(third));
        _time.Advance(Pause);
        Assert.Equal([1], Resent);

        _nacked.HandleSettled(first);
        Assert.Equal([1, 2], Resent);
        _nacked.HandleSettled(second);
        Assert.Equal([1, 2, 3], Resent);
        _nacked.HandleSettled(third);

        Assert.Equal([1, 2, 3], Resent);
        Assert.False(_nacked.MustWait(Status(4)));
    }

    /// <summary>The one on trial comes back through the publisher's queue: it must not wait for itself.</summary>
    [Fact]
    public void MustWait_OnTrial_IsFalseForItAndTrueForOthers()
    {
        var first = Status(1);
        _nacked.Add(first);
        _time.Advance(Pause);

        Assert.False(_nacked.MustWait(first));
        Assert.True(_nacked.MustWait(Status(2)));
    }

    [Fact]
    public void Settled_AnotherThanTheOneOnTrial_SendsNothing()
    {
        var (first, other) = (Status(1), Status(9));
        _nacked.Add(first);
        _nacked.MustWait(Status(2));
        _nacked.HandleSettled(other);
        Assert.Empty(Resent);
        _time.Advance(Pause);

        _nacked.HandleSettled(other);

        Assert.Equal([1], Resent);
    }

    [Fact]
    public void Add_OnTrialIsNackedAgain_ResendsItAfterAnotherPause()
    {
        var first = Status(1);
        _nacked.Add(first);
        Assert.True(_nacked.MustWait(Status(2)));
        for (var round = 1; round <= 3; round++)
        {
            _time.Advance(Pause - Moment);
            Assert.Equal(Enumerable.Repeat(1, round - 1), Resent);
            Assert.True(_nacked.MustWait(Status(10 + round)));
            _time.Advance(Moment);
            Assert.Equal(Enumerable.Repeat(1, round), Resent);
            _nacked.Add(first);
        }
        _time.Advance(Pause);

        _nacked.HandleSettled(first);

        Assert.Equal([1, 1, 1, 1, 2], Resent);
    }

    /// <summary>Several were on their way when the queue was full: the broker nacks each.</summary>
    [Fact]
    public void Add_SeveralDuringOnePause_SendsThemOneByOneInTheirOrder()
    {
        var (first, second, third) = (Status(1), Status(2), Status(3));
        _nacked.Add(second);
        _time.Advance(Pause / 2);
        _nacked.Add(third);
        _nacked.Add(first);

        _time.Advance(Pause / 2);
        Assert.Equal([1], Resent);
        _time.Advance(Pause);
        Assert.Equal([1], Resent);
        _nacked.HandleSettled(first);
        Assert.Equal([1, 2], Resent);
        _nacked.HandleSettled(second);
        Assert.Equal([1, 2, 3], Resent);
    }

    [Fact]
    public void Add_AnotherWhileOneIsOnTrial_WaitsForIt()
    {
        var (first, second) = (Status(1), Status(2));
        _nacked.Add(first);
        _time.Advance(Pause);

        _nacked.Add(second);
        _time.Advance(2 * Pause);
        Assert.Equal([1], Resent);
        _nacked.HandleSettled(first);

        Assert.Equal([1, 2], Resent);
    }

    /// <summary>A requester whose queue is full must not stop the step's code, which waits for its lines.</summary>
    [Fact]
    public void MustWait_OutputBehindStatuses_IsFalse()
    {
        var status = Status(1);
        _nacked.Add(status);
        _nacked.MustWait(Status(2));

        Assert.False(_nacked.MustWait(Output(3)));
        _time.Advance(Pause);
        Assert.False(_nacked.MustWait(Output(4)));
    }

    [Fact]
    public void MustWait_OutputBehindOutput_IsTrue()
    {
        var first = Output(1);
        _nacked.Add(first);

        Assert.True(_nacked.MustWait(Output(2)));
        _time.Advance(Pause);
        Assert.True(_nacked.MustWait(Output(3)));
        _nacked.HandleSettled(first);
        Assert.Equal([1, 2], Resent);
        Assert.True(_nacked.MustWait(Output(4)));
    }

    [Fact]
    public void MustWait_OnlyOutputOnTrial_HoldsOutput()
    {
        _nacked.Add(Output(1));
        _time.Advance(Pause);

        Assert.True(_nacked.MustWait(Output(2)));
    }

    /// <summary>The last status says that there is no more output.</summary>
    [Fact]
    public void MustWait_StatusBehindOutput_IsTrue()
    {
        var output = Output(1);
        _nacked.Add(output);
        Assert.True(_nacked.MustWait(Status(2)));
        _time.Advance(Pause);

        _nacked.HandleSettled(output);

        Assert.Equal([1, 2], Resent);
    }

    [Fact]
    public void Add_AfterAllWereSettled_PausesAgain()
    {
        var (first, second) = (Status(1), Status(2));
        _nacked.Add(first);
        _time.Advance(Pause);
        _nacked.HandleSettled(first);

        _nacked.Add(second);

        Assert.Equal([1], Resent);
        _time.Advance(Pause);
        Assert.Equal([1, 2], Resent);
    }

    private static PendingMessage Status(int sequence) => RecordingPublisher.Message(sequence, MessageKind.Status);

    private static PendingMessage Output(int sequence) => RecordingPublisher.Message(sequence, MessageKind.Output);
}
