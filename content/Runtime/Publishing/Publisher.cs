using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Telemetry;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Publishing;

/// <summary>
/// One queue, one writer, one channel: that gives the contract's order by itself. It outlives connections: what one
/// session could not get confirmed, the next sends again, in the same order, under the same ids.
/// </summary>
internal sealed partial class Publisher(IOptions<BrokerOptions> options, Instruments instruments, TimeProvider time, ILogger<Publisher> log) : IPublisher
{
    private readonly Channel<PendingMessage> _queue = Channel.CreateUnbounded<PendingMessage>();
    private readonly Lock _gate = new();
    private readonly Queue<PendingMessage> _again = [];
    private PublishSession? _session;
    private int _suspects;
    private int _unsettled;

    /// <summary>How many messages are not confirmed yet.</summary>
    public int Unsettled => Volatile.Read(ref _unsettled);

    public void Enqueue(PendingMessage message)
    {
        Interlocked.Increment(ref _unsettled);
        _queue.Writer.TryWrite(message);
    }

    public void Again(PendingMessage message) => _queue.Writer.TryWrite(message);

    public async Task CheckExchangeAsync(string exchange, CancellationToken cancel)
    {
        while (true)
        {
            if (Volatile.Read(ref _session) is { } session && await session.FindExchangeAsync(exchange, cancel).ConfigureAwait(false)) return;
            // between two connections: the answer has to wait for the next
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Publishes on the epoch's channel until the epoch ends; any trouble ends it.</summary>
    public async Task RunAsync(Epoch epoch)
    {
        var session = new PublishSession(epoch, _suspects, options.Value.ConfirmTimeout, Settle, instruments, time);
        lock (_gate) _session = session;
        var watch = session.WatchAsync();
        try
        {
            while (true)
            {
                await session.WaitForRoomAsync().ConfigureAwait(false);
                if (TryTake(session, out var message)) await session.WriteAsync(message).ConfigureAwait(false);
                else if (!await _queue.Reader.WaitToReadAsync(epoch.Ended).ConfigureAwait(false)) break;
            }
        }
        catch (Exception e)
        {
            epoch.End(new Loss(LossReason.Publishing, e.Message));
        }
        await watch.ConfigureAwait(false);
    }

    /// <summary>Takes back what an ended epoch left in doubt. A writer that still hangs in it gets nothing more.</summary>
    public void TakeBackUnconfirmed()
    {
        lock (_gate)
        {
            if (_session is null) return;
            var rest = _again.ToArray();
            _again.Clear();
            var inDoubt = _session.Detach();
            _suspects = _session.BrokerFailed ? inDoubt.Count : 0;
            foreach (var message in inDoubt.Concat(rest)) _again.Enqueue(message);
            _session.Dispose();
            _session = null;
        }
    }

    /// <summary>Taking a message and noting it as unconfirmed is one step: between the two it could be lost.</summary>
    private bool TryTake(PublishSession session, [NotNullWhen(true)] out PendingMessage? message)
    {
        lock (_gate)
        {
            message = null;
            if (_session != session) return false;
            while (_again.TryDequeue(out message) || _queue.Reader.TryRead(out message))
            {
                if (message.Owner.Holds(message)) continue;
                session.Note(message);
                return true;
            }
            return false;
        }
    }

    private void Settle(PendingMessage message)
    {
        Interlocked.Decrement(ref _unsettled);
        if (message.Error is { } error) LogGivenUp(log, Printable.ForLog(message.CorrelationId), Printable.ForLog(message.RoutingKey), error.Message);
        if (message.Unroutable)
        {
            instruments.Unroutable.Add(1, new KeyValuePair<string, object?>("kind", message.Tag));
            if (message.Kind is MessageKind.Status) LogNobodyWaits(log, Printable.ForLog(message.CorrelationId), Printable.ForLog(message.RoutingKey));
        }
        message.Owner.Settled(message);
    }

    [LoggerMessage(EventId = 71, Level = LogLevel.Warning, Message = "A message of job {CorrelationId} to '{RoutingKey}' is given up: {Reason}")]
    private static partial void LogGivenUp(ILogger log, string correlationId, string routingKey, string reason);

    [LoggerMessage(EventId = 70, Level = LogLevel.Warning, Message = "A status of job {CorrelationId} reached nobody: the queue {Queue} is gone. The job goes on; nothing is sent again.")]
    private static partial void LogNobodyWaits(ILogger log, string correlationId, string queue);
}
