using System.Threading.Channels;
using RabbitMQ.Client;

namespace ReWorker.Bench.Workers;

/// <summary>Acks a job when all that it sent is confirmed: the unbroken run from the oldest on in one frame, the rest singly.</summary>
internal sealed class HandTunedAcks(IChannel channel)
{
    private readonly Channel<ulong> _queue = System.Threading.Channels.Channel.CreateUnbounded<ulong>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<ulong> _settled = [];
    private readonly HashSet<ulong> _done = [];
    private ulong _low;

    public void CountDown(HandTuned.Job job)
    {
        if (Interlocked.Decrement(ref job.Open) == 0) _queue.Writer.TryWrite(job.Tag);
    }

    public async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var tag)) _settled.Add(tag);
            ulong last = 0;
            while (true)
            {
                if (_settled.Remove(_low + 1)) last = ++_low;
                else if (_done.Remove(_low + 1)) _low++;
                else break;
            }
            if (last > 0) await channel.BasicAckAsync(last, multiple: true);
            foreach (var tag in _settled)
            {
                _done.Add(tag);
                await channel.BasicAckAsync(tag, multiple: false);
            }
            _settled.Clear();
        }
    }
}
