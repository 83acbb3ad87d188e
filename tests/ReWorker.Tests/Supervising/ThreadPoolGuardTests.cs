using System.Diagnostics;
using System.Reflection;
using ReWorker.Supervision;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The guard adds threads to a blocked pool, and takes them back. It runs alone: the pool is shared.</summary>
[CollectionDefinition(nameof(ThreadPoolGuardTests), DisableParallelization = true)]
[Collection(nameof(ThreadPoolGuardTests))]
public sealed class ThreadPoolGuardTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly int _usual = MinThreads;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static int MinThreads
    {
        get
        {
            ThreadPool.GetMinThreads(out var threads, out _);
            return threads;
        }
    }

    public void Dispose()
    {
        // a guard that is disposed of leaves the threads that it added
        ThreadPool.GetMinThreads(out _, out var completionPorts);
        ThreadPool.SetMinThreads(_usual, completionPorts);
    }

    /// <summary>The pool alone adds a thread or two per second: that would take a minute.</summary>
    [Fact]
    public void Pool_AllItsThreadsAreBlocked_RunsWhatWaits()
    {
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        using var release = new ManualResetEventSlim();
        using var ran = new ManualResetEventSlim();

        using var all = BlockPool(release);
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
        Assert.InRange(kept, _usual + 1, _usual + 1000);
    }

    [Fact]
    public void Pool_CalmAgain_HasItsUsualThreads()
    {
        using var guard = new ThreadPoolGuard(TimeSpan.FromMilliseconds(200));
        guard.StartAsync(CancellationToken.None);
        using var release = new ManualResetEventSlim();

        using var all = BlockPool(release);
        var raised = MinThreads;
        release.Set();

        Assert.True(raised > _usual);
        Assert.True(all.Wait(Limit, Cancel));
        Wait(() => MinThreads == _usual, "the usual threads");
    }

    /// <summary>Work that waits and gets on needs no further threads.</summary>
    [Fact]
    public void Pool_BusyWithShortWork_GetsFewThreads()
    {
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        var watch = Stopwatch.StartNew();
        using var done = new CountdownEvent(2000);

        for (var chain = 0; chain < 2000; chain++) ThreadPool.UnsafeQueueUserWorkItem(_ => Work(), null);
        var most = _usual;
        while (!done.Wait(5, Cancel)) most = Math.Max(most, MinThreads);

        Assert.InRange(most, _usual, _usual + 100);

        void Work()
        {
            Thread.Sleep(1); // leaves the processor to the guard
            if (watch.ElapsedMilliseconds > 400) done.Signal();
            else ThreadPool.UnsafeQueueUserWorkItem(_ => Work(), null);
        }
    }

    [Fact]
    public void Stop_OfTheGuard_EndsItsThread()
    {
        using var guard = new ThreadPoolGuard();
        guard.StartAsync(CancellationToken.None);
        var thread = ThreadOf(guard);
        Assert.True(thread.IsBackground);

        guard.StopAsync(CancellationToken.None);

        Assert.True(thread.Join(Limit));
    }

    /// <summary>Its thread would crash the process: it waits on what is disposed of.</summary>
    [Fact]
    public void Dispose_WithoutAStop_WaitsForTheThread()
    {
        for (var round = 0; round < 20; round++)
        {
            var guard = new ThreadPoolGuard();
            guard.StartAsync(CancellationToken.None);
            var thread = ThreadOf(guard);

            guard.Dispose();

            Assert.False(thread.IsAlive);
        }
    }

    [Fact]
    public void Dispose_OfAGuardThatNeverStarted_Returns() => new ThreadPoolGuard().Dispose();

    private static Thread ThreadOf(ThreadPoolGuard guard)
    {
        var field = typeof(ThreadPoolGuard).GetField("_thread", BindingFlags.NonPublic | BindingFlags.Instance)!;
        return (Thread)field.GetValue(guard)!;
    }

    // until the guard adds threads: after an earlier test, the pool may start hundreds by itself
    private CountdownEvent BlockPool(ManualResetEventSlim release)
    {
        var all = new CountdownEvent(1);
        for (var batch = 0; batch < 25 && MinThreads == _usual; batch++)
        {
            for (var thread = 0; thread < 60; thread++)
            {
                all.AddCount();
                ThreadPool.UnsafeQueueUserWorkItem(_ =>
                {
                    release.Wait();
                    all.Signal();
                }, null);
            }
            SpinWait.SpinUntil(() => MinThreads > _usual, TimeSpan.FromMilliseconds(100));
        }
        all.Signal();
        return all;
    }

    private static void Wait(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Limit), $"{what} within {Limit}");
}
