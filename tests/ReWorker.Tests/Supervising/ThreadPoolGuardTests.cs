using System.Diagnostics;
using System.Reflection;
using ReWorker.Supervision;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The guard adds threads to a blocked pool, and takes them back. It runs alone: the pool is shared.</summary>
[CollectionDefinition(nameof(ThreadPoolGuardTests), DisableParallelization = true)]
[Collection(nameof(ThreadPoolGuardTests))]
public sealed class ThreadPoolGuardTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static int MinThreads
    {
        get
        {
            ThreadPool.GetMinThreads(out var threads, out _);
            return threads;
        }
    }

    /// <summary>The pool alone adds a thread or two per second: that would take a minute.</summary>
    [Fact]
    public void Pool_AllItsThreadsAreBlocked_RunsWhatWaits()
    {
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        using var release = new ManualResetEventSlim();
        using var ran = new ManualResetEventSlim();
        var blocked = ThreadPool.ThreadCount + 60;
        var usual = MinThreads;

        using var all = Block(blocked, release);
        var watch = Stopwatch.StartNew();
        ThreadPool.UnsafeQueueUserWorkItem(_ => ran.Set(), null);
        var isServed = ran.Wait(Limit, Cancel);
        release.Set();
        var isDone = all.Wait(Limit, Cancel);
        // the threads stay while the pool may be blocked again
        Thread.Sleep(100);
        var kept = MinThreads;

        Assert.True(isServed, $"nothing ran for {watch.Elapsed}");
        Assert.True(isDone);
        Assert.InRange(kept, usual + 1, usual + 1000);
    }

    [Fact]
    public void Pool_CalmAgain_HasItsUsualThreads()
    {
        var usual = MinThreads;
        using var guard = new ThreadPoolGuard(TimeSpan.FromMilliseconds(200));
        guard.StartAsync(CancellationToken.None);
        using var release = new ManualResetEventSlim();

        using var all = Block(ThreadPool.ThreadCount + 60, release);
        Wait(() => MinThreads > usual, "more threads");
        release.Set();

        Assert.True(all.Wait(Limit, Cancel));
        Wait(() => MinThreads == usual, "the usual threads");
    }

    /// <summary>Work that waits and gets on needs no further threads.</summary>
    [Fact]
    public void Pool_BusyWithShortWork_GetsFewThreads()
    {
        var usual = MinThreads;
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        var watch = Stopwatch.StartNew();
        using var done = new CountdownEvent(64);

        for (var chain = 0; chain < 64; chain++) ThreadPool.UnsafeQueueUserWorkItem(_ => Work(), null);
        var most = usual;
        while (!done.Wait(5, Cancel)) most = Math.Max(most, MinThreads);

        Assert.InRange(most, usual, usual + 300);

        void Work()
        {
            Thread.SpinWait(2000);
            if (watch.ElapsedMilliseconds > 400) done.Signal();
            else ThreadPool.UnsafeQueueUserWorkItem(_ => Work(), null);
        }
    }

    [Fact]
    public void Stop_OfTheGuard_EndsItsThread()
    {
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        var field = typeof(ThreadPoolGuard).GetField("_thread", BindingFlags.NonPublic | BindingFlags.Instance)!;
        var thread = (Thread)field.GetValue(guard)!;

        guard.StopAsync(CancellationToken.None);

        Assert.True(thread.IsBackground);
        Assert.True(thread.Join(Limit));
    }

    [Fact]
    public void Dispose_OfAGuardThatNeverStarted_Returns() => new ThreadPoolGuard().Dispose();

    private static CountdownEvent Block(int threads, ManualResetEventSlim release)
    {
        var all = new CountdownEvent(threads);
        for (var thread = 0; thread < threads; thread++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                release.Wait();
                all.Signal();
            }, null);
        }
        return all;
    }

    private static void Wait(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Limit), $"{what} within {Limit}");
}
