using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Whoever waits for settlements waits until they are written; a failed write ends the epoch.</summary>
public sealed class AckFlushTests : AckWriterTest
{
    [Fact]
    public async Task Flush_NothingToWrite_Returns()
    {
        await WriteAsync();
        await Task.WhenAll(FlushAsync(), FlushAsync());

        Assert.Empty(Channel.Calls);
    }

    [Fact]
    public async Task Flush_WhileAFrameIsWritten_ReturnsOnlyAfterIt()
    {
        var written = new TaskCompletionSource();
        Channel.OnCall = _ => written.Task;
        Deliver(1, 2);
        Settle(Settlement.Ack, 1, 2);
        Task[] flushes = [Writer.FlushAsync(Cancel), Writer.FlushAsync(Cancel)];
        var run = Task.Run(Writer.RunAsync, Cancel);
        await Until.TrueAsync(() => Channel.Calls.Count == 1, "the frame");

        Assert.All(flushes, flush => Assert.False(flush.IsCompleted));
        written.SetResult();
        await Task.WhenAll(flushes).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.False(run.IsCompleted);
    }

    [Fact]
    public async Task Flush_TheEpochEnds_Returns()
    {
        Channel.OnCall = _ => new TaskCompletionSource().Task;
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);
        _ = Task.Run(Writer.RunAsync, Cancel);
        var flush = Writer.FlushAsync(Cancel);

        Epoch.End(new Loss(LossReason.Connection, "gone"));

        await flush.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Flush_IsCancelled_Throws()
    {
        using var limit = new CancellationTokenSource();
        var flush = Writer.FlushAsync(limit.Token);

        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => flush.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    /// <summary>A step that waits for its acknowledgement may go on with code that blocks.</summary>
    [Fact]
    public async Task Flush_WhoeverWaitsBlocks_HoldsUpNoFrame()
    {
        using var release = new ManualResetEventSlim();
        Deliver(1, 2);
        Settle(Settlement.Ack, 1);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiter = Writer.FlushAsync(Cancel).ContinueWith(
            _ =>
            {
                entered.SetResult();
                return release.Wait(TimeSpan.FromSeconds(10), CancellationToken.None);
            },
            Cancel, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _ = Task.Run(Writer.RunAsync, Cancel);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Settle(Settlement.Ack, 2);
        await Until.TrueAsync(() => Channel.Calls.Count == 2, "the next frame");

        release.Set();
        Assert.True(await waiter);
    }

    [Fact]
    public async Task Write_Fails_EndsTheEpoch()
    {
        Channel.OnCall = _ => Task.FromException(new InvalidOperationException("pipe closed"));
        Deliver(1, 1);
        Settle(Settlement.Ack, 1);

        _ = Task.Run(Writer.RunAsync, Cancel);
        var loss = await Epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal(new Loss(LossReason.Channel, "pipe closed"), loss);
    }
}
