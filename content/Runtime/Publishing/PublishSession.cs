using System.Diagnostics;
using RabbitMQ.Client.Events;
using ReWorker.Telemetry;

namespace ReWorker.Publishing;

/// <summary>Publishing on one channel: sequence numbers, confirms, returns, and a deadline for each message.</summary>
internal sealed class PublishSession : IDisposable
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The broker may fail for other reasons: only the third time is it the message's fault.</summary>
    private const int MaxBrokerFailures = 3;

    private readonly Lock _gate = new();
    private readonly ConfirmWindow _window = new();
    private readonly SemaphoreSlim _room = new(0);
    private readonly Epoch _epoch;
    private readonly TimeSpan _confirmTimeout;
    private readonly Action<PendingMessage> _settled;
    private readonly Instruments _instruments;
    private readonly TimeProvider _time;

    // reused, because the client runs the handlers of one channel one after the other
    private readonly List<PendingMessage> _done = [];
    private int _quarantined;
    private bool _isDetached;

    /// <param name="epoch">Has the channel.</param>
    /// <param name="quarantined">
    /// So many messages are sent one by one at first, because one of them may have closed the last channel.
    /// </param>
    /// <param name="confirmTimeout">How long the broker may take to confirm a message.</param>
    /// <param name="settled">Called for each message that is confirmed or given up.</param>
    /// <param name="instruments">The metrics.</param>
    /// <param name="time">The clock.</param>
    public PublishSession(
        Epoch epoch, int quarantined, TimeSpan confirmTimeout, Action<PendingMessage> settled, Instruments instruments,
        TimeProvider time)
    {
        (_epoch, _quarantined, _confirmTimeout) = (epoch, quarantined, confirmTimeout);
        (_settled, _instruments, _time) = (settled, instruments, time);
        Exchanges = new ExchangeCheck(epoch, confirmTimeout, time);
        epoch.PublishChannel.BasicAcksAsync += (_, ack) => HandleConfirm(ack.DeliveryTag, ack.Multiple, isNack: false);
        epoch.PublishChannel.BasicNacksAsync += (_, nack) => HandleConfirm(nack.DeliveryTag, nack.Multiple, isNack: true);
        epoch.PublishChannel.BasicReturnAsync += HandleReturn;
    }

    public ExchangeCheck Exchanges { get; }

    /// <summary>True if the broker closed the channel over a message: a missing right, its size, or an internal error.</summary>
    public bool WasClosedOverAMessage =>
        _epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 400 };

    private bool HasNoRoom => _window.IsFull || (_quarantined > 0 && !_window.IsEmpty);

    /// <summary>Waits while the broker blocks publishing, and while too many messages are unconfirmed.</summary>
    public async Task WaitForRoomAsync()
    {
        await _epoch.Alarm.WaitForEndAsync(_epoch.Ended);
        while (IsFull()) await _room.WaitAsync(_epoch.Ended);
        _epoch.Ended.ThrowIfCancellationRequested();

        bool IsFull()
        {
            lock (_gate) return HasNoRoom;
        }
    }

    /// <summary>Notes a message as unconfirmed, before it is written.</summary>
    public void Track(PendingMessage message)
    {
        // whether an earlier connection could route it does not matter any more
        (message.WrittenAt, message.Unroutable) = (_time.GetTimestamp(), false);
        lock (_gate) _window.Add(message);
    }

    public async ValueTask WriteAsync(PendingMessage message)
    {
        try
        {
            await _epoch.PublishChannel.BasicPublishAsync(
                message.Exchange, message.RoutingKey, mandatory: true, message.ToProperties(), message.Body, _epoch.Ended);
        }
        catch (ArgumentException e)
        {
            // the client cannot encode it, now or later
            message.Error = new InvalidOperationException($"the message cannot be written: {e.Message}");
            throw;
        }
    }

    /// <summary>Ends the epoch when the oldest message has waited too long to be written or confirmed.</summary>
    public async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_epoch.Ended))
            {
                // a broker in alarm confirms nothing, which is not the connection's fault
                if (_epoch.Alarm.IsRaised || Oldest() is not { } oldest) continue;
                var since = Math.Max(oldest.WrittenAt, _epoch.Alarm.EndedAt);
                if (_time.GetElapsedTime(since) <= _confirmTimeout) continue;
                var seconds = _confirmTimeout.TotalSeconds;
                _epoch.End(new Loss(LossReason.ConfirmTimeout, $"a message was not confirmed within {seconds:0.#} s"));
            }
        }
        catch (OperationCanceledException)
        {
            // the epoch ended
        }

        PendingMessage? Oldest()
        {
            lock (_gate) return _window.Oldest;
        }
    }

    /// <summary>
    /// Takes back what was written and not confirmed, in order. A message that closed the channel is given up, because
    /// it would close the next one too; it is known for certain if it was alone on the channel.
    /// </summary>
    public List<PendingMessage> Detach()
    {
        List<PendingMessage> left;
        lock (_gate)
        {
            _isDetached = true;
            left = _window.TakeAll();
        }
        if (WasClosedOverAMessage && left is [var alone] && IsCulprit(alone, _epoch.PublishChannel.CloseReason!))
        {
            var reason = _epoch.PublishChannel.CloseReason!.ReplyText;
            alone.Error = new InvalidOperationException($"the broker rejected the message: {reason}");
        }
        var givenUp = left.Where(message => message.Error is not null).ToList();
        left.RemoveAll(givenUp.Contains);
        givenUp.ForEach(_settled);
        return left;
    }

    public void Dispose() => _room.Dispose();

    private static bool IsCulprit(PendingMessage alone, ShutdownEventArgs reason) => reason.ReplyCode switch
    {
        // a worker cannot do without its replies and output: these wait until somebody grants the right
        403 => alone.Kind is MessageKind.Sent or MessageKind.Notification,
        // the next epoch declares the exchange of output and notifications again
        404 => alone.Exchange is not (Names.Exchange or Names.DefaultExchange),
        406 => true,
        >= 500 => ++alone.Owner.BrokerFailures >= MaxBrokerFailures,
        _ => false,
    };

    private Task HandleReturn(object sender, BasicReturnEventArgs returned)
    {
        lock (_gate)
        {
            var message = _window.Find(returned.RoutingKey, returned.BasicProperties, returned.Body.Span);
            if (message is not null) message.Unroutable = true;
        }
        return Task.CompletedTask;
    }

    private Task HandleConfirm(ulong number, bool multiple, bool isNack)
    {
        _done.Clear();
        lock (_gate)
        {
            if (_isDetached) return Task.CompletedTask;
            var hadNoRoom = HasNoRoom;
            _window.Take(number, multiple, _done);
            _quarantined -= _done.Count;
            if (hadNoRoom && !HasNoRoom) _room.Release();
        }
        foreach (var message in _done)
        {
            Count(message, isNack);
            if (isNack) message.Owner.HandleNacked(message);
            else _settled(message);
        }
        return Task.CompletedTask;
    }

    private void Count(PendingMessage message, bool isNack)
    {
        var tags = new TagList { { "messaging.system", Traces.System }, { "messaging.operation.name", "send" } };
        if (isNack || message.Unroutable) tags.Add("error.type", isNack ? "nacked" : "unroutable");
        _instruments.Sent.Add(1, tags);
    }
}
