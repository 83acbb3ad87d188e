using System.Threading.Channels;
using RabbitMQ.Client;
using ReWorker.Running;
using ReWorker.Supervision;

namespace ReWorker.Consuming;

/// <summary>
/// Settles deliveries on the channel that delivered them. Acks that have gathered go out together: the unbroken run
/// from the oldest on in one frame, the rest one by one.
/// </summary>
internal sealed class Settler(IChannel channel, Epoch epoch, Runner runner)
{
    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<ulong, JobInHand?> _acks = [];
    private readonly HashSet<ulong> _done = [];
    private readonly Lock _gate = new();
    private readonly Queue<JobInHand?> _inDoubt = [];
    private ulong _proven;
    private ulong _low;

    private readonly record struct Item(Delivery? Delivery, Settlement How, TaskCompletionSource? Flushed);

    public void Settle(Delivery delivery, Settlement how) => _queue.Writer.TryWrite(new Item(delivery, how, null));

    public Task FlushAsync(CancellationToken cancel)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(new Item(null, default, flushed));
        // of an epoch that has ended nothing is written any more: its deliveries come again, and are settled then
        return Task.WhenAny(flushed.Task, epoch.Loss).WaitAsync(cancel);
    }

    /// <summary>
    /// A delivery proves that the broker has processed earlier settlements: at most a prefetch of deliveries is ever
    /// unsettled there. What is proven can't come again, so the ledger need not remember it.
    /// </summary>
    public void Delivered(ulong tag)
    {
        var prefetch = (ulong)runner.Prefetch;
        lock (_gate)
        {
            while (_proven + prefetch < tag && _inDoubt.TryDequeue(out var job))
            {
                _proven++;
                if (job is not null) runner.Ledger.Forget(job);
            }
        }
    }

    public async Task RunAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(epoch.Ended).ConfigureAwait(false))
                await WriteBatchAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            epoch.End(new Loss(LossReason.Channel, e.Message));
        }
    }

    private async Task WriteBatchAsync()
    {
        List<TaskCompletionSource>? flushed = null;
        while (_queue.Reader.TryRead(out var item))
        {
            if (item.Flushed is not null) (flushed ??= []).Add(item.Flushed);
            if (item.Delivery is not { } delivery) continue;
            var tag = delivery.Info.DeliveryTag;
            if (item.How is Settlement.Ack)
            {
                _acks.Add(tag, delivery.Job);
                continue;
            }
            Doubt(delivery.Job);
            _done.Add(tag);
            if (item.How is Settlement.Requeue) await channel.BasicNackAsync(tag, multiple: false, requeue: true, epoch.Ended).ConfigureAwait(false);
            else await channel.BasicRejectAsync(tag, requeue: true, epoch.Ended).ConfigureAwait(false);
        }
        await WriteAcksAsync().ConfigureAwait(false);
        flushed?.ForEach(one => one.TrySetResult());
    }

    private async Task WriteAcksAsync()
    {
        // the tag of a multiple ack must itself be unsettled still: another one ends the whole connection
        ulong last = 0;
        while (true)
        {
            if (_acks.Remove(_low + 1, out var job))
            {
                Doubt(job);
                last = ++_low;
            }
            else if (_done.Remove(_low + 1)) _low++;
            else break;
        }
        if (last > 0) await channel.BasicAckAsync(last, multiple: true, epoch.Ended).ConfigureAwait(false);
        foreach (var (tag, job) in _acks)
        {
            Doubt(job);
            _done.Add(tag);
            await channel.BasicAckAsync(tag, multiple: false, epoch.Ended).ConfigureAwait(false);
        }
        _acks.Clear();
    }

    /// <summary>Notes, in the order of writing, what the broker may or may not come to know.</summary>
    private void Doubt(JobInHand? job)
    {
        lock (_gate) _inDoubt.Enqueue(job);
    }
}
