using Microsoft.Extensions.Hosting;

namespace ReWorker.Supervision;

/// <summary>
/// Sees to it that a step whose code blocks holds up nobody else. When everything on the thread pool stands still, the
/// pool by itself adds a thread or two a second, and for so long no heartbeat is sent and no probe answered; this adds
/// as many again at every look. It has a thread of its own, since on the pool it would stand still too.
/// </summary>
internal sealed class ThreadPoolGuard : IHostedService, IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    /// <summary>So many more than there were: what blocks without end must not eat the machine.</summary>
    private const int Most = 1000;

    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "pool watch" };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Set();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stop.Set();
        _thread?.Join(); // it waits on what is disposed of here
        _stop.Dispose();
    }

    private void Run()
    {
        ThreadPool.GetMinThreads(out var usual, out var ports);
        var (least, done, still, stoodAt) = (usual, 0L, 0, 0L);
        // the machine's time, not the host's: what it watches is the pool that a test's clock would stand on
        while (!_stop.Wait(Look))
        {
            var before = done;
            done = ThreadPool.CompletedWorkItemCount;
            var waiting = ThreadPool.PendingWorkItemCount;
            still = waiting > 0 && done == before ? still + 1 : 0;
            if (still > 1)
            {
                var threads = ThreadPool.ThreadCount;
                least = (int)Math.Min(threads + Math.Min(waiting, threads), usual + Most);
                ThreadPool.SetMinThreads(least, ports);
                stoodAt = Environment.TickCount64;
            }
            else if (least > usual && Environment.TickCount64 - stoodAt > Calm.TotalMilliseconds)
            {
                least = usual;
                ThreadPool.SetMinThreads(least, ports);
            }
        }
    }
}
