using Microsoft.Extensions.Time.Testing;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A message that a full queue has nacked holds up what must not overtake it, and nothing else.</summary>
public sealed class JobOrderTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingPublisher _publisher = new();

    [Fact]
    public void MustWait_StatusBehindANackedLine_IsTrueUntilItIsSettled()
    {
        var job = _publisher.Job(_time);
        job.SendLine("line", TestContext.Current.CancellationToken);
        var status = job.SendStatus("completed", Bodies.Completed)!;
        Assert.False(job.MustWait(status));
        var line = _publisher.Enqueued[0];

        job.HandleNacked(line);
        Assert.True(job.MustWait(status));
        _time.Advance(TimeSpan.FromSeconds(1));
        job.HandleSettled(line);

        Assert.Equal([line, status], _publisher.Resent);
        Assert.False(job.MustWait(status));
    }

    [Fact]
    public void HandleNacked_SecondOfAJob_WaitsForTheFirst()
    {
        var job = _publisher.Job(_time);
        job.SendStatus("started", Bodies.Started);
        job.SendStatus("completed", Bodies.Completed);
        var (first, second) = (_publisher.Enqueued[0], _publisher.Enqueued[1]);

        job.HandleNacked(first);
        job.HandleNacked(second);
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal([first], _publisher.Resent);
    }

    /// <summary>A full queue of some channel must hold up neither the job's reply nor its output.</summary>
    [Fact]
    public void HandleNacked_NotificationOrMessageOfTheStep_HoldsNothingElseUp()
    {
        var job = _publisher.Job(_time);
        var (one, two) = (job.SendInternal(Notification()), job.SendInternal(Sent()));
        var status = job.SendStatus("completed", Bodies.Completed)!;

        job.HandleNacked(one);
        job.HandleNacked(two);

        Assert.False(job.MustWait(status));
        Assert.False(job.MustWait(job.SendInternal(Notification())));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([one, two], _publisher.Resent);
        Assert.False(job.MustWait(one));
    }

    [Fact]
    public void MustWait_NotificationBehindANackedStatus_IsFalse()
    {
        var job = _publisher.Job(_time);
        job.HandleNacked(job.SendStatus("started", Bodies.Started)!);

        Assert.False(job.MustWait(job.SendInternal(Notification())));
        Assert.False(job.MustWait(job.SendInternal(Sent())));
    }

    private static OutgoingMessage Notification() =>
        new(MessageKind.Notification, Names.Exchange, "notify.x", "{}"u8.ToArray());

    private static OutgoingMessage Sent() => new(MessageKind.Sent, Names.Exchange, "key", "{}"u8.ToArray());
}
