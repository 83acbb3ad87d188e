using System.Threading.Channels;
using RabbitMQ.Client;

namespace ReWorker.Bench.Workers;

/// <summary>
/// Acks a job when all of its messages are confirmed. One frame acks the unbroken run from the oldest job; other jobs
/// get a frame each.
/// </summary>
internal sealed class HandTunedAcks(IChannel channel)
{
    private readonly Channel<ulong> _queue = System.Threading.Channels.Channel.CreateUnbounded<ulong>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<ulong> _ready = [];
    private readonly HashSet<ulong> _ackedSingly = [];
    private ulong _ackedUpTo;

    public void CountDown(HandTuned.Job job)
    {
        if (Interlocked.Decrement(ref job.Open) == 0) _queue.Writer.TryWrite(job.Tag);
    }

    public async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var tag)) _ready.Add(tag);
            ulong last = 0;
            while (true)
            {
                if (_ready.Remove(_ackedUpTo + 1)) last = ++_ackedUpTo;
                else if (_ackedSingly.Remove(_ackedUpTo + 1)) _ackedUpTo++;
                else break;
            }
            if (last > 0) await channel.BasicAckAsync(last, multiple: true);
            foreach (var tag in _ready)
            {
                _ackedSingly.Add(tag);
                await channel.BasicAckAsync(tag, multiple: false);
            }
            _ready.Clear();
        }
    }
}
