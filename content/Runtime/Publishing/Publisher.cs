using System.Diagnostics.CodeAnalysis;

namespace ReWorker.Publishing;

/// <summary>
/// One queue, one writer and one channel for all messages, which keeps the contract's order. It outlives connections:
/// what one session could not get confirmed, the next sends again, in the same order and under the same ids.
/// </summary>
internal sealed partial class Publisher(
    IOptions<BrokerOptions> options, Instruments instruments, TimeProvider time, ILogger<Publisher> log) : IPublisher
{
    private static readonly TimeSpan ExchangeRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Channel<PendingMessage> _queue = Channel.CreateUnbounded<PendingMessage>();
    private readonly Lock _gate = new();
    private readonly Queue<PendingMessage> _resend = [];
    private PublishSession? _session;
    private int _quarantined;
    private int _unsettled;

    /// <summary>How many messages are not confirmed yet.</summary>
    public int Unsettled => Volatile.Read(ref _unsettled);

    public void Enqueue(PendingMessage message)
    {
        Interlocked.Increment(ref _unsettled);
        _queue.Writer.TryWrite(message);
    }

    public void Resend(PendingMessage message) => _queue.Writer.TryWrite(message);

    public async Task CheckExchangeAsync(string exchange, CancellationToken cancel)
    {
        // between two connections, the next one has to answer
        while (Volatile.Read(ref _session) is not { } session || !await session.Exchanges.FindAsync(exchange, cancel))
            await Task.Delay(ExchangeRetryDelay, time, cancel);
    }

    /// <summary>Publishes on the epoch's channel until the epoch ends. Any failure ends the epoch.</summary>
    public async Task RunAsync(Epoch epoch)
    {
        var session = new PublishSession(epoch, _quarantined, options.Value.ConfirmTimeout, Settle, instruments, time);
        lock (_gate) _session = session;
        var watch = session.WatchConfirmsAsync();
        try
        {
            while (true)
            {
                await session.WaitForRoomAsync();
                if (TryTake(session, out var message)) await session.WriteAsync(message);
                else if (!await _queue.Reader.WaitToReadAsync(epoch.Ended)) break;
            }
        }
        catch (Exception e)
        {
            epoch.End(new Loss(LossReason.Publishing, e.Message));
        }
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Takes back what an ended epoch left unconfirmed. A writer that hangs in it gets nothing more.</summary>
    public void TakeBackUnconfirmed()
    {
        lock (_gate)
        {
            if (_session is null) return;
            var notYetResent = _resend.ToArray();
            _resend.Clear();
            var unconfirmed = _session.Detach();
            _quarantined = _session.WasClosedOverAMessage ? unconfirmed.Count : 0;
            foreach (var message in unconfirmed.Concat(notYetResent)) _resend.Enqueue(message);
            _session.Dispose();
            _session = null;
        }
    }

    // takes and tracks a message in one step: in between, it could be lost
    private bool TryTake(PublishSession session, [NotNullWhen(true)] out PendingMessage? message)
    {
        lock (_gate)
        {
            message = null;
            if (_session != session) return false;
            while (_resend.TryDequeue(out message) || _queue.Reader.TryRead(out message))
            {
                if (message.Owner.MustWait(message)) continue;
                session.Track(message);
                return true;
            }
            return false;
        }
    }

    private void Settle(PendingMessage message)
    {
        Interlocked.Decrement(ref _unsettled);
        if (message.Error is { } error) LogGivenUp(log, message.CorrelationId, message.RoutingKey, error.Message);
        if (message.Unroutable)
        {
            instruments.Unroutable.Add(1, new KeyValuePair<string, object?>("kind", MetricLabel.For(message.Kind)));
            if (message.Kind is MessageKind.Status) LogUnroutableStatus(log, message.CorrelationId, message.RoutingKey);
        }
        message.Owner.HandleSettled(message);
    }

    [LoggerMessage(70, LogLevel.Warning,
        "A status of job {CorrelationId} is lost: no queue {Queue}. The job continues; the status is not sent again.")]
    private static partial void LogUnroutableStatus(ILogger log, Untrusted correlationId, Untrusted queue);
    [LoggerMessage(71, LogLevel.Warning, "Gave up a message of job {CorrelationId} to '{RoutingKey}': {Reason}")]
    private static partial void LogGivenUp(
        ILogger log, Untrusted correlationId, Untrusted routingKey, Untrusted reason);
}
