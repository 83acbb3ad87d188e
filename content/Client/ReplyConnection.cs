namespace ReWorker.Client;

/// <summary>Opens a <see cref="ReplySession"/> when the first job needs one, and another one after each loss.</summary>
internal sealed class ReplyConnection(
    ConnectionSource source, ReplyQueue queue, TimeSpan confirmTimeout, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(3);

    private readonly string _address = source.Check();
    private readonly Lock _gate = new();
    private readonly Backoff _backoff = new(MaxBackoff);
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource<ReplySession> _session = NewSession();
    private Task? _loop;
    private int _attempts;
    private string? _trouble;
    private string? _lastReason;

    /// <summary>Why no job can be sent now; null if nothing is known to be wrong.</summary>
    public string? Trouble => _trouble
        ?? (Volatile.Read(ref _session).Task is { IsCompletedSuccessfully: true, Result.Blocked: { } reason }
            ? $"{_address} has blocked publishing: {reason}"
            : null);

    /// <summary>Called when the connection is lost or can't be opened, but not twice in a row for one reason.</summary>
    public Action<string>? OnTrouble { get; set; }

    /// <summary>Waits for a session that is open.</summary>
    public Task<ReplySession> GetSessionAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            _loop ??= Task.Run(RunAsync, CancellationToken.None);
            return _session.Task.WaitAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_loop is not null) await _loop;
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await RunSessionAsync();
            var pause = Task.Delay(_backoff.Next(), time, _stop.Token);
            await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunSessionAsync()
    {
        await using var session = new ReplySession(queue, confirmTimeout, time);
        try
        {
            await session.OpenAsync(source, _stop.Token);
            (_trouble, _lastReason, _attempts) = (null, null, 0);
            var openedAt = time.GetTimestamp();
            lock (_gate) _session.SetResult(session);

            var loss = await session.Loss.WaitAsync(_stop.Token);
            lock (_gate) _session = NewSession();
            if (time.GetElapsedTime(openedAt) > MaxBackoff) _backoff.Reset();
            Report($"lost {_address}", loss.Detail);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await session.TryDeleteQueueAsync();
        }
        catch (Exception e)
        {
            Report($"tried {_address} {++_attempts} {(_attempts is 1 ? "time" : "times")}", BrokerFault.Describe(e));
        }
    }

    private void Report(string what, string reason)
    {
        _trouble = $"{what}: {reason}";
        if (reason == _lastReason) return;
        _lastReason = reason;
        OnTrouble?.Invoke(_trouble);
    }

    private static TaskCompletionSource<ReplySession> NewSession() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
