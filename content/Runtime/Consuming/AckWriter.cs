using System.Threading.Channels;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Wire.Connections;

namespace ReWorker.Consuming;

/// <summary>
/// Settles deliveries on the channel that delivered them. Acks that have gathered go out together: the unbroken run
/// from the oldest on in one frame, the rest one by one.
/// </summary>
internal sealed class AckWriter(IChannel channel, Epoch epoch, Runner runner)
{
    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<ulong, InFlightJob?> _acks = [];
    private readonly Lock _gate = new();

    // what is open, at most a prefetch, and not what is done: beside a job of an hour that would grow by all that its neighbours do
    private readonly HashSet<ulong> _open = [];
    private readonly Queue<InFlightJob?> _inDoubt = [];
    private ulong _proven;
    private ulong _newest;
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
            _open.Add(_newest = tag);
            while (_proven + prefetch < tag && _inDoubt.TryDequeue(out var job))
            {
                _proven++;
                if (job is not null) runner.Ledger.Remove(job);
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
            Written(tag, delivery.Job);
            if (item.How is Settlement.RequeueUncounted) await channel.BasicNackAsync(tag, multiple: false, requeue: true, epoch.Ended).ConfigureAwait(false);
            else await channel.BasicRejectAsync(tag, requeue: true, epoch.Ended).ConfigureAwait(false);
        }
        await WriteAcksAsync().ConfigureAwait(false);
        flushed?.ForEach(one => one.TrySetResult());
    }

    private async Task WriteAcksAsync()
    {
        // the tag of a multiple ack must itself be unsettled still: another one ends the whole connection
        var last = TakeRun();
        if (last > 0) await channel.BasicAckAsync(last, multiple: true, epoch.Ended).ConfigureAwait(false);
        foreach (var (tag, job) in _acks)
        {
            Written(tag, job);
            await channel.BasicAckAsync(tag, multiple: false, epoch.Ended).ConfigureAwait(false);
        }
        _acks.Clear();
    }

    /// <summary>Takes the acks from the oldest open delivery on, up to the first that stays open: the last of them, 0 for none.</summary>
    private ulong TakeRun()
    {
        ulong last = 0;
        lock (_gate)
        {
            for (; _low < _newest; _low++)
            {
                if (_acks.Remove(_low + 1, out var job))
                {
                    _open.Remove(last = _low + 1);
                    _inDoubt.Enqueue(job);
                }
                else if (_open.Contains(_low + 1)) break;
            }
        }
        return last;
    }

    /// <summary>Notes, in the order of writing, what the broker may or may not come to know.</summary>
    private void Written(ulong tag, InFlightJob? job)
    {
        lock (_gate)
        {
            _open.Remove(tag);
            _inDoubt.Enqueue(job);
        }
    }
}
