using ReWorker.Wire.Connections;

namespace ReWorker.Client;

/// <summary>Keeps a <see cref="ReplySession"/> up: opens it when the first job asks for it, and the next when it is lost.</summary>
internal sealed class ReplyConnection(ConnectionSource source, ReplyQueue queue, TimeSpan confirmTimeout, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan MostBackoff = TimeSpan.FromSeconds(3);

    private readonly string _address = source.Check();
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource<ReplySession> _link = NewLink();
    private Task? _loop;
    private int _attempts;
    private string? _trouble;
    private string? _lastWhy;

    /// <summary>What stands between here and the broker, and what was tried; null while nothing does.</summary>
    public string? Trouble => _trouble ?? (Volatile.Read(ref _link).Task is { IsCompletedSuccessfully: true, Result.Blocked: { } why } ? $"{_address} takes no messages: {why}" : null);

    /// <summary>Called with each trouble that is not the one before.</summary>
    public Action<string>? OnTrouble { get; set; }

    public Task<ReplySession> CurrentAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            _loop ??= Task.Run(RunAsync, CancellationToken.None);
            return _link.Task.WaitAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_loop is not null) await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(MostBackoff);
        while (!_stop.IsCancellationRequested)
        {
            ReplySession? link = null;
            try
            {
                link = await ReplySession.OpenAsync(source, queue, confirmTimeout, time, _stop.Token).ConfigureAwait(false);
                (_trouble, _lastWhy, _attempts) = (null, null, 0);
                var since = time.GetTimestamp();
                lock (_gate) _link.SetResult(link);

                var why = await link.Loss.WaitAsync(_stop.Token).ConfigureAwait(false);
                lock (_gate) _link = NewLink();
                if (time.GetElapsedTime(since) > MostBackoff) backoff.Reset();
                Say($"lost {_address}", why);
                await link.DisposeAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                if (link is null) return;
                await link.DeleteAsync(queue.Name).ConfigureAwait(false);
                await link.DisposeAsync().ConfigureAwait(false);
                return;
            }
            catch (Exception e)
            {
                Say($"tried {_address} {++_attempts} {(_attempts is 1 ? "time" : "times")}", BrokerFault.Describe(e));
            }
            await Task.Delay(backoff.Next(), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Say(string what, string why)
    {
        _trouble = $"{what}: {why}";
        if (why == _lastWhy) return;
        _lastWhy = why;
        OnTrouble?.Invoke(_trouble);
    }

    private static TaskCompletionSource<ReplySession> NewLink() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
