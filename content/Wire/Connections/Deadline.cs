namespace ReWorker.Wire.Connections;

/// <summary>
/// Bounds calls into the client, which may neither end nor heed their token: the token fires at the limit, and the
/// caller goes on shortly after it whatever the call does.
/// </summary>
internal static class Deadline
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <param name="late">What to do with a result that comes after the caller went on.</param>
    public static async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> call, TimeSpan limit, string what, TimeProvider time, CancellationToken cancel, Func<T, Task>? late = null)
    {
        using var inner = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(inner.Token, cancel);
        var task = call(both.Token);
        try
        {
            return await task.WaitAsync(limit + Grace, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Abandon(task, late);
            cancel.ThrowIfCancellationRequested();
            throw new TimeoutException($"{what} did not end within {limit.TotalSeconds:0.#} s", e);
        }
    }

    public static Task RunAsync(Func<CancellationToken, Task> call, TimeSpan limit, string what, TimeProvider time, CancellationToken cancel) =>
        RunAsync(async token => { await call(token).ConfigureAwait(false); return true; }, limit, what, time, cancel);

    /// <summary>Nobody waits for the task any longer: its failure is of no interest, its result is cleared away.</summary>
    private static async void Abandon<T>(Task<T> task, Func<T, Task>? late)
    {
        try
        {
            var result = await task.ConfigureAwait(false);
            if (late is not null) await late(result).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // said already by the caller's TimeoutException
        }
    }
}
