using Microsoft.Extensions.Time.Testing;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>A call into the client ends in time, whether it heeds its token or not.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<string> _call = new();
    private readonly List<string> _disposed = [];
    private CancellationToken _token;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_InTime_ReturnsTheResultAndDisposesNothing()
    {
        var run = Run(Cancel);
        _time.Advance(Limit - Moment);
        _call.SetResult("result");

        Assert.Equal("result", await run);
        Assert.Empty(_disposed);
    }

    [Fact]
    public async Task RunAsync_CallFails_ThrowsItsException()
    {
        var run = Run(Cancel);
        var error = new IOException("broken pipe");
        _call.SetException(error);

        Assert.Same(error, await Assert.ThrowsAsync<IOException>(() => run));
    }

    [Fact]
    public async Task RunAsync_CallHeedsItsToken_TimesOutAtTheLimit()
    {
        var run = Deadline.RunAsync(
            token => Task.Delay(Timeout.Infinite, token), Limit, "closing", _time, Cancel);
        _time.Advance(Limit - Moment);
        Assert.False(run.IsCompleted);

        _time.Advance(Moment);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        Assert.Equal("closing took longer than 1.5 s", error.Message);
        Assert.IsAssignableFrom<OperationCanceledException>(error.InnerException);
    }

    [Fact]
    public async Task RunAsync_CallIgnoresItsToken_IsAbandonedTwoSecondsAfterTheLimit()
    {
        var run = Run(Cancel);
        _time.Advance(Limit - Moment);
        Assert.False(_token.IsCancellationRequested);
        _time.Advance(Moment);
        Assert.True(_token.IsCancellationRequested);
        _time.Advance(Grace - Moment);
        Assert.False(run.IsCompleted);

        _time.Advance(Moment);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        Assert.Equal("asking took longer than 1.5 s", error.Message);
    }

    [Fact]
    public async Task RunAsync_WithoutResultAndCallIgnoresItsToken_IsAbandoned()
    {
        var run = Deadline.RunAsync(_ => (Task)_call.Task, Limit, "asking", _time, Cancel);

        _time.Advance(Limit + Grace);

        await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public async Task RunAsync_WithoutResult_EndsWithTheCall()
    {
        var run = Deadline.RunAsync(_ => (Task)_call.Task, Limit, "asking", _time, Cancel);
        Assert.False(run.IsCompleted);

        _call.SetResult("");

        await run;
    }

    /// <summary>A connection that opens after all would stay open, and nobody would use it.</summary>
    [Fact]
    public async Task RunAsync_ResultIsLate_DisposesIt()
    {
        var run = Run(Cancel);
        _time.Advance(Limit + Grace);
        await Assert.ThrowsAsync<TimeoutException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        Assert.Empty(_disposed);

        _call.SetResult("late");

        Assert.Equal(["late"], _disposed);
    }

    [Fact]
    public async Task RunAsync_CallerCancels_ThrowsAtOnceAndDisposesALateResult()
    {
        using var stop = new CancellationTokenSource();
        var run = Run(stop.Token);

        await stop.CancelAsync();

        Assert.True(_token.IsCancellationRequested);
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        Assert.Equal(stop.Token, error.CancellationToken);
        _call.SetResult("late");
        Assert.Equal(["late"], _disposed);
    }

    [Fact]
    public async Task RunAsync_CallerCancelsACallThatHeedsItsToken_IsNoTimeout()
    {
        using var stop = new CancellationTokenSource();
        var run = Deadline.RunAsync(
            token => Task.Delay(Timeout.Infinite, token), Limit, "closing", _time, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => run.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    private Task<string> Run(CancellationToken cancel) => Deadline.RunAsync(
        token =>
        {
            _token = token;
            return _call.Task;
        },
        Limit, "asking", _time, cancel,
        late =>
        {
            _disposed.Add(late);
            return Task.CompletedTask;
        });
}
