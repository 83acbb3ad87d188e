using Microsoft.Extensions.Time.Testing;
using ReWorker.Publishing;
using ReWorker.Tests.Jobs;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>What a job sends has its order and its ids, and the job knows when all of it is confirmed.</summary>
public sealed class JobMessagesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingPublisher _publisher = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void SendInternal_Several_NumbersThemInOrder()
    {
        var job = _publisher.Job(_time);

        var first = job.SendInternal(Notification());
        job.SendLine("line", Cancel);
        var third = job.SendInternal(Notification());

        Assert.Equal([1, 2, 3], _publisher.Enqueued.Select(message => message.Sequence));
        Assert.Same(first, _publisher.Enqueued[0]);
        Assert.EndsWith(":1", first.MessageId, StringComparison.Ordinal);
        Assert.EndsWith(":3", third.MessageId, StringComparison.Ordinal);
        Assert.Equal(first.MessageId[..^2], third.MessageId[..^2]);
        Assert.Equal(32, first.MessageId[..^2].Length);
    }

    [Fact]
    public void SendInternal_TwoRunsOfAJob_HaveDifferentIds() => Assert.NotEqual(
        _publisher.Job(_time).SendInternal(Notification()).MessageId,
        _publisher.Job(_time).SendInternal(Notification()).MessageId);

    /// <summary>A step may send on several threads: numbers and the publisher's queue must have one order.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Send_WhileAnotherThreadEnqueues_WaitsForItsTurn(bool isStep)
    {
        var job = _publisher.Job(_time);
        Thread? second = null;
        _publisher.OnEnqueue = () =>
        {
            if (second is not null) return;
            second = new Thread(Send);
            second.Start();
            SpinWait.SpinUntil(
                () => _publisher.Enqueued.Count > 0 || second.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience);
        };

        Send();
        Assert.True(second!.Join(Patience));

        Assert.Equal([1, 2], _publisher.Enqueued.Select(message => message.Sequence));

        void Send()
        {
            if (isStep) _ = job.SendAsync(Sent(), Cancel);
            else job.SendInternal(Notification());
        }
    }

    [Fact]
    public async Task SendAsync_Confirmed_SaysWhetherAQueueTookIt()
    {
        var job = _publisher.Job(_time);
        var (taken, returned) = (job.SendAsync(Sent(), Cancel), job.SendAsync(Sent(), Cancel));
        Assert.False(taken.IsCompleted);

        job.HandleSettled(_publisher.Enqueued[0]);
        _publisher.Enqueued[1].Unroutable = true;
        job.HandleSettled(_publisher.Enqueued[1]);

        Assert.True(await taken);
        Assert.False(await returned);
    }

    [Fact]
    public async Task SendAsync_GivenUp_ThrowsTheReason()
    {
        var job = _publisher.Job(_time);
        var send = job.SendAsync(Sent(), Cancel);
        var message = _publisher.Enqueued[0];
        message.Error = new InvalidOperationException("no right to it");

        job.HandleSettled(message);

        Assert.Same(message.Error, await Assert.ThrowsAsync<InvalidOperationException>(() => send));
    }

    [Fact]
    public async Task SendAsync_Cancelled_StopsWaiting()
    {
        using var stop = new CancellationTokenSource();
        var send = _publisher.Job(_time).SendAsync(Sent(), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => send.WaitAsync(Patience, Cancel));
    }

    [Theory]
    [InlineData("re", false)]
    [InlineData("", false)]
    [InlineData("other", true)]
    public async Task SendAsync_Exchange_IsCheckedUnlessItIsKnown(string exchange, bool isChecked)
    {
        var job = _publisher.Job(_time);

        var send = job.SendAsync(Sent() with { Exchange = exchange }, Cancel);
        job.HandleSettled(Assert.Single(_publisher.Enqueued));

        Assert.True(await send);
        Assert.Equal(isChecked ? [exchange] : [], _publisher.Checked);
    }

    [Fact]
    public async Task SendAsync_ExchangeIsMissing_ThrowsAndSendsNothing()
    {
        var job = _publisher.Job(_time);
        var missing = new TaskCompletionSource();
        _publisher.CheckAnswer = missing.Task;

        var send = job.SendAsync(Sent() with { Exchange = "other" }, Cancel);
        Assert.Empty(_publisher.Enqueued);
        missing.SetException(new InvalidOperationException("it does not exist"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => send);
        Assert.Empty(_publisher.Enqueued);
    }

    /// <summary>The step's code must not run on the thread that handles the broker's confirms.</summary>
    [Fact]
    public async Task SendAsync_Confirmed_ContinuesOnAnotherThread()
    {
        var job = _publisher.Job(_time);
        var send = job.SendAsync(Sent(), CancellationToken.None).ContinueWith(
            _ => Environment.CurrentManagedThreadId, Cancel, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        var reader = new Thread(() => job.HandleSettled(_publisher.Enqueued[0]));

        reader.Start();
        reader.Join();

        Assert.NotEqual(reader.ManagedThreadId, await send);
    }

    [Fact]
    public void SendStatus_ReplyQueue_GetsTheStatusUnderAnIdThatStaysTheSame()
    {
        var waiter = new TaskCompletionSource<bool>();

        var status = _publisher.Job(_time).SendStatus("completed", Bodies.Completed, waiter);

        Assert.Same(status, Assert.Single(_publisher.Enqueued));
        Assert.Equal((MessageKind.Status, "", "replies"), (status!.Kind, status.Exchange, status.RoutingKey));
        Assert.Equal("job:completed", status.MessageId);
        Assert.Same(Bodies.Completed, status.Body);
        Assert.Same(waiter, status.Waiter);
    }

    [Fact]
    public void SendStatus_JobWithoutCorrelationId_HasTheRunsId()
    {
        var job = _publisher.Job(_time, correlationId: null);

        var status = job.SendStatus("completed", Bodies.Completed)!;

        Assert.Equal($"{job.NextId(1)[..^2]}:completed", status.MessageId);
    }

    [Fact]
    public void SendStatus_NobodyWaits_SendsNothing()
    {
        var job = _publisher.Job(_time, replyQueue: null);

        Assert.Null(job.SendStatus("completed", Bodies.Completed));

        Assert.Empty(_publisher.Enqueued);
        job.Complete();
        Assert.True(job.Confirmed.IsCompleted);
    }

    [Fact]
    public void Confirmed_NothingMoreToSendAndAllSettled_Completes()
    {
        var job = _publisher.Job(_time);
        var (first, second) = (job.SendInternal(Notification()), job.SendInternal(Notification()));

        job.HandleSettled(first);
        job.HandleSettled(second);
        Assert.False(job.Confirmed.IsCompleted);
        var third = job.SendInternal(Notification());
        job.Complete();
        Assert.False(job.Confirmed.IsCompleted);
        job.HandleSettled(third);

        Assert.True(job.Confirmed.IsCompletedSuccessfully);
    }

    /// <summary>A confirm may come in before the publisher returns.</summary>
    [Fact]
    public void Confirmed_EachMessageIsConfirmedAtOnce_WaitsForTheEnd()
    {
        var job = new JobMessages(new JobBus(), "job", "replies", "frob", _time);

        job.SendInternal(Notification());
        Assert.False(job.Confirmed.IsCompleted);
        job.Complete();

        Assert.True(job.Confirmed.IsCompletedSuccessfully);
    }

    private static OutgoingMessage Notification() =>
        new(MessageKind.Notification, Names.Exchange, "notify.x", "{}"u8.ToArray());

    private static OutgoingMessage Sent() => new(MessageKind.Sent, Names.Exchange, "key", "{}"u8.ToArray());
}
