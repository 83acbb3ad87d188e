namespace ReWorker.Wire.Connections;

/// <summary>Bounds a call into the RabbitMQ client, which may never return and may ignore its token.</summary>
internal static class Deadline
{
    // The token is cancelled at the limit. A call that has still not returned after this time is abandoned.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <param name="dispose">Disposes a result that arrives after the call was abandoned.</param>
    /// <exception cref="TimeoutException">The call did not return in time.</exception>
    public static async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> call, TimeSpan limit, string what, TimeProvider time, CancellationToken cancel,
        Func<T, Task>? dispose = null)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var task = call(either.Token);
        try
        {
            return await task.WaitAsync(limit + Grace, time, cancel);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            _ = AbandonAsync(task, dispose);
            either.Cancel(); // the caller's cancellation gets here first and would not reach the call any more
            cancel.ThrowIfCancellationRequested();
            throw new TimeoutException($"{what} took longer than {limit.TotalSeconds:0.#} s", e);
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public static Task RunAsync(
        Func<CancellationToken, Task> call, TimeSpan limit, string what, TimeProvider time, CancellationToken cancel) =>
        RunAsync(async token => { await call(token); return true; }, limit, what, time, cancel);

    private static async Task AbandonAsync<T>(Task<T> task, Func<T, Task>? dispose)
    {
        try
        {
            var result = await task;
            if (dispose is not null) await dispose(result);
        }
        catch (Exception)
        {
            // The caller's TimeoutException has already reported it.
        }
    }
}
