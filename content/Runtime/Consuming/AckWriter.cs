using ReWorker.Running;

namespace ReWorker.Consuming;

/// <summary>
/// Settles deliveries on the channel that delivered them. Acknowledgements are written in batches: the unbroken run of
/// settled deliveries from the oldest on in one frame, the rest one by one.
/// </summary>
internal sealed class AckWriter(IChannel channel, Epoch epoch, Runner runner)
{
    private readonly Channel<Item> _queue =
        Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<ulong, InFlightJob?> _acks = [];
    private readonly Lock _gate = new();

    // at most a prefetch; what is settled is not kept, or it would grow without limit beside a job that takes an hour
    private readonly HashSet<ulong> _open = [];
    private ulong _newest;
    private ulong _low;

    // settlements that were written, in order, and that the broker may not have processed
    private readonly Queue<InFlightJob?> _inDoubt = [];
    private readonly record struct Item(Delivery? Delivery, Settlement Settlement, TaskCompletionSource? Flushed);

    /// <summary>
    /// Notes a new delivery. It proves that the broker has processed earlier settlements, because at most a prefetch of
    /// deliveries is unsettled there. A job whose settlement is proven cannot be redelivered, so the ledger forgets it.
    /// </summary>
    public void Track(ulong tag)
    {
        lock (_gate)
        {
            _open.Add(_newest = tag);
            while (_open.Count + _inDoubt.Count > runner.Prefetch && _inDoubt.TryDequeue(out var job))
                if (job is not null) runner.Ledger.Remove(job);
        }
    }

    public void Settle(Delivery delivery, Settlement settlement) =>
        _queue.Writer.TryWrite(new Item(delivery, settlement, null));

    /// <summary>Waits until everything settled so far has been written, or the epoch has ended.</summary>
    public Task FlushAsync(CancellationToken cancel)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(new Item(null, default, flushed));
        // once the epoch has ended, nothing is written: its deliveries are settled when they come again
        return Task.WhenAny(flushed.Task, epoch.Loss).WaitAsync(cancel);
    }

    public async Task RunAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(epoch.Ended)) await WriteBatchAsync();
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
            if (item.Settlement is Settlement.Ack)
            {
                _acks.Add(tag, delivery.Job);
                continue;
            }
            MarkWritten(tag, delivery.Job);
            if (item.Settlement is Settlement.RequeueUncounted)
                await channel.BasicNackAsync(tag, multiple: false, requeue: true, epoch.Ended);
            else await channel.BasicRejectAsync(tag, requeue: true, epoch.Ended);
        }
        await WriteAcksAsync();
        flushed?.ForEach(waiter => waiter.TrySetResult());
    }

    private async Task WriteAcksAsync()
    {
        // the tag of a multiple ack must itself be unsettled, or the broker closes the whole connection
        var last = TakeRun();
        if (last > 0) await channel.BasicAckAsync(last, multiple: true, epoch.Ended);
        foreach (var (tag, job) in _acks)
        {
            MarkWritten(tag, job);
            await channel.BasicAckAsync(tag, multiple: false, epoch.Ended);
        }
        _acks.Clear();
    }

    // takes the acks from the oldest delivery on, until one stays open; returns the last tag, or 0
    private ulong TakeRun()
    {
        ulong last = 0;
        lock (_gate)
        {
            for (; _low < _newest; _low++)
            {
                var tag = _low + 1;
                if (_acks.Remove(tag, out var job)) MarkWritten(last = tag, job);
                else if (_open.Contains(tag)) break;
            }
        }
        return last;
    }

    private void MarkWritten(ulong tag, InFlightJob? job)
    {
        lock (_gate)
        {
            _open.Remove(tag);
            _inDoubt.Enqueue(job);
        }
    }
}
