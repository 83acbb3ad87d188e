namespace ReWorker.Publishing;

/// <summary>Publishing on one channel: sequence numbers, confirms, returns, and a deadline for each message.</summary>
/// <param name="quarantined">So many messages are sent singly at first: one may have closed the last channel.</param>
/// <param name="settled">Called for each message that is confirmed or given up.</param>
internal sealed class PublishSession(
    Epoch epoch, int quarantined, TimeSpan confirmTimeout, Action<PendingMessage> settled, Instruments instruments,
    TimeProvider time) : IDisposable
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);
    // the broker may fail for other reasons: only the third time is it the message's fault
    private const int MaxBrokerFailures = 3;

    private readonly Lock _gate = new();
    private readonly ConfirmWindow _window = new();
    private readonly SemaphoreSlim _room = new(0);

    // reused, because the client runs the handlers of one channel one after the other
    private readonly List<PendingMessage> _done = [];
    private int _quarantined = quarantined;
    private long _confirmedAt; // when the last confirm came, as a timestamp of the time provider
    private bool _isDetached;

    public ExchangeCheck Exchanges { get; } = new(epoch, confirmTimeout, time);

    /// <summary>True if the broker closed the channel over a message: no right to it, its size, its content.</summary>
    public bool WasClosedOverAMessage =>
        epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 400 };

    /// <summary>Waits while the broker blocks publishing, and while too many messages are unconfirmed.</summary>
    public async Task WaitForRoomAsync()
    {
        await epoch.Alarm.WaitForEndAsync(epoch.Ended);
        while (IsFull()) await _room.WaitAsync(epoch.Ended);
        epoch.Ended.ThrowIfCancellationRequested();
    }

    /// <summary>Notes a message as unconfirmed, before it is written.</summary>
    public void Track(PendingMessage message)
    {
        // whether an earlier connection could route it does not matter any more
        (message.WrittenAt, message.Unroutable) = (time.GetTimestamp(), false);
        lock (_gate) _window.Add(message);
    }

    public async ValueTask WriteAsync(PendingMessage message)
    {
        try
        {
            var properties = message.ToProperties();
            await epoch.PublishChannel.BasicPublishAsync(
                message.Exchange, message.RoutingKey, mandatory: true, properties, message.Body, epoch.Ended);
        }
        catch (ArgumentException e)
        {
            // the client cannot encode it, now or later
            message.Error = new InvalidOperationException($"the message cannot be written: {e.Message}");
            throw;
        }
    }

    /// <summary>
    /// Listens to the broker's confirms, and ends the epoch if messages wait for one and none has come for too long.
    /// </summary>
    public async Task WatchConfirmsAsync()
    {
        var channel = epoch.PublishChannel;
        channel.BasicAcksAsync += (_, ack) => HandleConfirm(ack.DeliveryTag, ack.Multiple, isNack: false);
        channel.BasicNacksAsync += (_, nack) => HandleConfirm(nack.DeliveryTag, nack.Multiple, isNack: true);
        channel.BasicReturnAsync += HandleReturn;
        using var timer = new PeriodicTimer(WatchInterval, time);
        while (await timer.WaitForNextTickAsync(epoch.Ended))
        {
            PendingMessage? oldest;
            lock (_gate) oldest = _window.Oldest;
            // a broker in alarm confirms nothing, which is not the connection's fault
            if (epoch.Alarm.IsRaised || oldest is null) continue;
            // over a slow link the oldest may be old: as long as confirms arrive, the connection works
            var progressAt = Math.Max(oldest.WrittenAt, Math.Max(Volatile.Read(ref _confirmedAt), epoch.Alarm.EndedAt));
            if (time.GetElapsedTime(progressAt) <= confirmTimeout) continue;
            var detail = $"no message was confirmed within {confirmTimeout.TotalSeconds:0.#} s";
            epoch.End(new Loss(LossReason.ConfirmTimeout, detail));
        }
    }

    /// <summary>
    /// Takes back what was written and not confirmed, in order. A message that closed the channel is given up, because
    /// it would close the next one too; it is known for certain if it was alone on the channel.
    /// </summary>
    public List<PendingMessage> Detach()
    {
        var left = new List<PendingMessage>();
        lock (_gate)
        {
            _isDetached = true;
            _window.Take(ulong.MaxValue, multiple: true, left);
        }
        var closed = epoch.PublishChannel.CloseReason;
        if (WasClosedOverAMessage && left is [var alone] && IsCulprit(alone, closed!.ReplyCode))
            alone.Error = new InvalidOperationException($"the broker rejected the message: {closed.ReplyText}");
        foreach (var givenUp in left.Where(message => message.Error is not null)) settled(givenUp);
        return left.FindAll(message => message.Error is null);
    }

    public void Dispose() => _room.Dispose();

    private static bool IsCulprit(PendingMessage alone, int replyCode) => replyCode switch
    {
        // a worker cannot do without its replies and output: these wait until somebody grants the right
        403 => alone.Kind is MessageKind.Sent or MessageKind.Notification,
        // the next epoch declares the exchange of output and notifications again
        404 => alone.Exchange is not (Names.Exchange or Names.DefaultExchange),
        406 => true,
        >= 500 => ++alone.Owner.BrokerFailures >= MaxBrokerFailures,
        _ => false,
    };

    private bool IsFull()
    {
        lock (_gate) return _window.IsFull || (_quarantined > 0 && !_window.IsEmpty);
    }

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
        Volatile.Write(ref _confirmedAt, time.GetTimestamp());
        lock (_gate)
        {
            if (_isDetached) return Task.CompletedTask;
            var wasFull = IsFull();
            _window.Take(number, multiple, _done);
            _quarantined -= _done.Count;
            if (wasFull && !IsFull()) _room.Release();
        }
        foreach (var message in _done)
        {
            Count(message, isNack);
            if (isNack) message.Owner.HandleNacked(message);
            else settled(message);
        }
        return Task.CompletedTask;
    }

    private void Count(PendingMessage message, bool isNack)
    {
        var tags = new TagList { { "messaging.system", Traces.System }, { "messaging.operation.name", "send" } };
        if (isNack || message.Unroutable) tags.Add("error.type", isNack ? "nacked" : "unroutable");
        instruments.Sent.Add(1, tags);
    }
}
