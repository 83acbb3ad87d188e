using System.Text;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A step may have 64 unconfirmed lines, and none once its job has ended.</summary>
public sealed class JobLinesTests
{
    private const int MaxUnconfirmedLines = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly CancellationToken Cancelled = new(canceled: true);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingPublisher _publisher = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void SendLine_SixtyFourUnconfirmed_AreTheMost()
    {
        var job = _publisher.Job(_time);

        // code that was told to stop may write a line, but not wait
        for (var line = 0; line < MaxUnconfirmedLines; line++) job.SendLine("line", Cancelled);
        Assert.ThrowsAny<OperationCanceledException>(() => job.SendLine("line", Cancelled));
        Assert.Equal(MaxUnconfirmedLines, _publisher.Enqueued.Count);

        job.HandleSettled(_publisher.Enqueued[7]);
        job.SendLine("line", Cancelled);
        Assert.ThrowsAny<OperationCanceledException>(() => job.SendLine("line", Cancelled));
        Assert.Equal(MaxUnconfirmedLines + 1, _publisher.Enqueued.Count);
    }

    [Fact]
    public void SendLine_OtherMessagesAreConfirmed_FreesNoSlot()
    {
        var job = _publisher.Job(_time);
        var notification = job.SendInternal(Notification());
        var status = job.SendStatus("started", Bodies.Started)!;
        for (var line = 0; line < MaxUnconfirmedLines; line++) job.SendLine("line", Cancelled);

        job.HandleSettled(notification);
        job.HandleSettled(status);

        Assert.ThrowsAny<OperationCanceledException>(() => job.SendLine("line", Cancelled));
    }

    [Fact]
    public async Task SendLine_Full_WaitsForAConfirm()
    {
        var job = FullOfLines();
        var waiting = Task.Run(() => job.SendLine("line", Cancel), Cancel);

        job.HandleSettled(_publisher.Enqueued[0]);

        await waiting.WaitAsync(Patience, Cancel);
        Assert.Equal(MaxUnconfirmedLines + 1, _publisher.Enqueued.Count);
    }

    [Fact]
    public void SendLine_Text_GoesToTheExchangeAsOutput()
    {
        _publisher.Job(_time).SendLine("hello", Cancel);

        var line = Assert.Single(_publisher.Enqueued);
        Assert.Equal((MessageKind.Output, "re", "output"), (line.Kind, line.Exchange, line.RoutingKey));
        Assert.Equal("""{"message":"hello"}""", Encoding.UTF8.GetString(line.Body));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void SendLine_SizeAtTheLimit_SendsWhatFits(int beyond, bool isSent)
    {
        var job = _publisher.Job(_time);
        var text = new string('x', SendRules.MaxBodyBytes - """{"message":""}""".Length + beyond);

        if (isSent) job.SendLine(text, Cancel);
        else Assert.Throws<ArgumentException>(() => job.SendLine(text, Cancel));

        Assert.Equal(isSent ? 1 : 0, _publisher.Enqueued.Count);
        // a rejected line must not cost a slot
        for (var line = isSent ? 1 : 0; line < MaxUnconfirmedLines; line++) job.SendLine("line", Cancelled);
    }

    [Fact]
    public async Task Seal_FreeSlots_RejectsLinesAndMessages()
    {
        var job = _publisher.Job(_time);
        job.SendLine("line", Cancel);

        job.Seal();

        for (var line = 0; line < 2 * MaxUnconfirmedLines; line++)
            Assert.Throws<InvalidOperationException>(() => job.SendLine("line", Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => job.SendAsync(Sent(), Cancel));
        Assert.Single(_publisher.Enqueued);
    }

    [Fact]
    public void Seal_JobWithoutLines_RejectsItsFirst()
    {
        var job = _publisher.Job(_time);

        job.Seal();

        var error = Assert.Throws<InvalidOperationException>(() => job.SendLine("line", Cancel));
        Assert.Equal("The job has ended: nothing more can be sent for it.", error.Message);
    }

    /// <summary>Code that was left behind may wait on several threads: every line must be rejected.</summary>
    [Fact]
    public async Task Seal_LinesWaitForASlot_RejectsEach()
    {
        var job = FullOfLines();
        var waiting = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () => job.SendLine("late", Cancel), Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default));

        var late = waiting.ToList();
        job.Seal();

        foreach (var line in late)
            await Assert.ThrowsAsync<InvalidOperationException>(() => line.WaitAsync(Patience, Cancel));
        Assert.Equal(MaxUnconfirmedLines, _publisher.Enqueued.Count);
    }

    [Fact]
    public void Seal_TheRuntimeItself_MayStillSend()
    {
        var job = _publisher.Job(_time);
        job.Seal();

        job.SendInternal(Notification());
        job.SendStatus("completed", Bodies.Completed);

        Assert.Equal(2, _publisher.Enqueued.Count);
    }

    private JobMessages FullOfLines()
    {
        var job = _publisher.Job(_time);
        for (var line = 0; line < MaxUnconfirmedLines; line++) job.SendLine("line", Cancel);
        return job;
    }

    private static OutgoingMessage Notification() =>
        new(MessageKind.Notification, Names.Exchange, "notify.x", "{}"u8.ToArray());

    private static OutgoingMessage Sent() => new(MessageKind.Sent, Names.Exchange, "key", "{}"u8.ToArray());
}
