namespace ReWorker.Supervision;

/// <summary>
/// Keeps a step whose code blocks from delaying everybody else. When all threads of the pool are blocked, the pool adds
/// only one or two per second; until then no heartbeat is sent and no probe answered. The guard adds as many threads as
/// there are, each time it looks. It has a thread of its own, because on the pool it would be blocked too.
/// </summary>
internal sealed class ThreadPoolGuard(TimeSpan? calmBeforeShrinking = null) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private readonly TimeSpan _calmBeforeShrinking = calmBeforeShrinking ?? TimeSpan.FromSeconds(10);

    // code that blocks for ever must not exhaust the machine
    private const int MaxAdded = 1000;

    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "thread pool guard" };
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
        _thread?.Join(); // it waits on what is disposed of next
        _stop.Dispose();
    }

    private void Run()
    {
        ThreadPool.GetMinThreads(out var usual, out var completionPorts);
        var (minThreads, completed, blockedLooks, blockedAt) = (usual, 0L, 0, 0L);
        // the machine's clock, not the host's: a test's clock would stand still
        while (!_stop.Wait(Interval))
        {
            var before = completed;
            completed = ThreadPool.CompletedWorkItemCount;
            var pending = ThreadPool.PendingWorkItemCount;
            blockedLooks = pending > 0 && completed == before ? blockedLooks + 1 : 0;
            var wanted = minThreads;
            if (blockedLooks > 1)
            {
                blockedAt = Environment.TickCount64;
                var threads = ThreadPool.ThreadCount;
                wanted = (int)Math.Min(threads + Math.Min(pending, threads), usual + MaxAdded);
            }
            else if (Environment.TickCount64 - blockedAt > _calmBeforeShrinking.TotalMilliseconds) wanted = usual;
            if (wanted != minThreads) ThreadPool.SetMinThreads(minThreads = wanted, completionPorts);
        }
    }
}
