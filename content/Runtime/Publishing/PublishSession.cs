using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Deliveries;
using ReWorker.Telemetry;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;

namespace ReWorker.Publishing;

/// <summary>Publishing on one channel: sequence numbers, confirms, returns, and the deadline for each of them.</summary>
internal sealed partial class PublishSession : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private const int Strikes = 3;
    private const string Topic = "access to topic '";

    private readonly Lock _gate = new();
    private readonly ConfirmWindow _window = new();
    private readonly SemaphoreSlim _room = new(0);
    private readonly ConcurrentDictionary<string, bool> _exchanges = new() { [Names.Exchange] = true, [Names.DefaultExchange] = true };
    private readonly Epoch _epoch;
    private readonly TimeSpan _confirmTimeout;
    private readonly Action<PendingMessage> _settled;
    private readonly Instruments _instruments;
    private readonly TimeProvider _time;

    // used again and again: the client's handlers of one channel run one after the other
    private readonly List<PendingMessage> _done = [];
    private int _suspects;
    private bool _detached;

    /// <param name="suspects">So many messages are sent one by one at first: one of them may have brought down the last connection.</param>
    public PublishSession(
        Epoch epoch, int suspects, TimeSpan confirmTimeout, Action<PendingMessage> settled, Instruments instruments, TimeProvider time)
    {
        (_epoch, _suspects, _confirmTimeout, _settled, _instruments, _time) = (epoch, suspects, confirmTimeout, settled, instruments, time);
        epoch.PublishChannel.BasicAcksAsync += (_, ack) => Confirmed(ack.DeliveryTag, ack.Multiple, refused: false);
        epoch.PublishChannel.BasicNacksAsync += (_, nack) => Confirmed(nack.DeliveryTag, nack.Multiple, refused: true);
        epoch.PublishChannel.BasicReturnAsync += Returned;
    }

    /// <summary>Waits while the broker blocks publishers, and while too many messages are unconfirmed.</summary>
    public async Task WaitForRoomAsync()
    {
        await _epoch.Alarm.WaitForEndAsync(_epoch.Ended).ConfigureAwait(false);
        while (IsFull()) await _room.WaitAsync(_epoch.Ended).ConfigureAwait(false);
        _epoch.Ended.ThrowIfCancellationRequested();
    }

    public void Note(PendingMessage message)
    {
        // what was said of it on an earlier connection is no longer so
        (message.WrittenAt, message.Unroutable) = (_time.GetTimestamp(), false);
        lock (_gate) _window.Add(message);
    }

    public async ValueTask WriteAsync(PendingMessage message)
    {
        try
        {
            await _epoch.PublishChannel.BasicPublishAsync(message.Exchange, message.RoutingKey, mandatory: true, message.ToProperties(), message.Body, _epoch.Ended).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            // the client can't write it, now or later
            message.Error = new InvalidOperationException($"it can't be written: {e.Message}");
            throw;
        }
    }

    /// <summary>Ends the epoch when the oldest message has waited too long for its confirm, or for being written.</summary>
    public async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Tick, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_epoch.Ended).ConfigureAwait(false))
            {
                // a broker in alarm confirms nothing: that is no fault of the connection
                if (_epoch.Alarm.IsRaised || Oldest() is not { } oldest) continue;
                var since = Math.Max(oldest.WrittenAt, _epoch.Alarm.EndedAt);
                if (_time.GetElapsedTime(since) > _confirmTimeout)
                    _epoch.End(new Loss(LossReason.ConfirmTimeout, $"a message was not confirmed within {_confirmTimeout.TotalSeconds:0.#} s"));
            }
        }
        catch (OperationCanceledException)
        {
            // the epoch ended
        }
    }

    /// <summary>False when the broker does not answer: the connection is lost, or will be found to be.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public async Task<bool> FindExchangeAsync(string exchange, CancellationToken cancel)
    {
        if (_exchanges.ContainsKey(exchange)) return true;
        try
        {
            await Deadline.RunAsync(token => AskForExchangeAsync(exchange, token), _confirmTimeout, "asking for an exchange", _time, cancel).ConfigureAwait(false);
            _exchanges.TryAdd(exchange, true);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: 403 or 404 } no && !_epoch.Ended.IsCancellationRequested)
        {
            throw new InvalidOperationException(no.ReplyCode is 404 ? $"there is no exchange '{exchange}' on the broker" : $"the exchange '{exchange}' is not this user's: {no.ReplyText}", e);
        }
        catch (Exception e) when ((e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException || _epoch.Ended.IsCancellationRequested)
            && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task AskForExchangeAsync(string exchange, CancellationToken cancel)
    {
        // not on the connection that publishes: in an alarm the broker reads nothing there
        await using var channel = await _epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        await channel.ExchangeDeclarePassiveAsync(exchange, cancel).ConfigureAwait(false);
    }

    /// <summary>The broker itself failed over something that was sent: 541, an internal error, say. A shutdown is none.</summary>
    public bool BrokerFailed => _epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 500 };

    /// <summary>What was written and not confirmed, in order. What closed the channel itself is given up: it would close the next one too.</summary>
    public List<PendingMessage> Detach()
    {
        List<PendingMessage> left;
        lock (_gate)
        {
            _detached = true;
            left = _window.TakeAll();
        }
        foreach (var broken in left.Where(one => one.Error is not null).ToArray())
        {
            left.Remove(broken);
            _settled(broken);
        }
        if (_epoch.PublishChannel.CloseReason is not { } reason) return left;
        foreach (var culprit in left.Where(one => IsCulprit(one, reason)).ToArray())
        {
            left.Remove(culprit);
            GiveUp(culprit, reason);
        }
        // alone on three connections that the broker failed on: it is this one, and what its job sends next will be no better
        if (BrokerFailed && left is [var alone] && ++alone.Owner.Strikes >= Strikes)
        {
            left.Clear();
            GiveUp(alone, reason);
        }
        return left;
    }

    public void Dispose() => _room.Dispose();

    private void GiveUp(PendingMessage culprit, ShutdownEventArgs reason)
    {
        culprit.Error = new InvalidOperationException($"the broker refused the message: {reason.ReplyText}");
        _settled(culprit);
    }

    private static bool IsCulprit(PendingMessage message, ShutdownEventArgs reason) => reason.ReplyCode switch
    {
        // a right to some keys only; that to output every worker must have, and its lines wait until it is given
        403 when reason.ReplyText.IndexOf(Topic, StringComparison.Ordinal) is > 0 and var at => message.Kind is MessageKind.Sent or MessageKind.Notification && IsNamed(reason.ReplyText[at..], message),
        403 or 404 => message.Exchange is not (Names.Exchange or Names.DefaultExchange) && reason.ReplyText.Contains($"'{message.Exchange}'", StringComparison.Ordinal),
        406 => MessageSize().Match(reason.ReplyText) is { Success: true } size && message.Body.Length == int.Parse(size.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
        _ => false,
    };

    /// <summary>The broker cuts what it says at 255 bytes, in the midst of a long key.</summary>
    private static bool IsNamed(string said, PendingMessage message)
    {
        var name = $"{Topic}{message.RoutingKey}' in exchange '{message.Exchange}'";
        return said.StartsWith(name, StringComparison.Ordinal) || (said.EndsWith("...", StringComparison.Ordinal) && name.StartsWith(said[..^3], StringComparison.Ordinal));
    }

    private bool IsFull()
    {
        lock (_gate) return HasNoRoom;
    }

    private bool HasNoRoom => _window.IsFull || (_suspects > 0 && _window.Oldest is not null);

    private PendingMessage? Oldest()
    {
        lock (_gate) return _window.Oldest;
    }

    private Task Returned(object sender, BasicReturnEventArgs returned)
    {
        lock (_gate)
        {
            if (_window.Find(returned.RoutingKey, returned.BasicProperties, returned.Body.Span) is { } message) message.Unroutable = true;
        }
        return Task.CompletedTask;
    }

    private Task Confirmed(ulong number, bool multiple, bool refused)
    {
        var done = _done;
        done.Clear();
        lock (_gate)
        {
            if (_detached) return Task.CompletedTask;
            var wasFull = HasNoRoom;
            _window.Take(number, multiple, done);
            _suspects -= done.Count;
            if (wasFull && !HasNoRoom) _room.Release();
        }
        foreach (var message in done)
        {
            var tags = new TagList { { "messaging.system", JobTrace.System }, { "messaging.operation.name", "send" } };
            if (refused || message.Unroutable) tags.Add("error.type", refused ? "refused" : "unroutable");
            _instruments.Sent.Add(1, tags);
            if (refused) message.Owner.Refused(message);
            else _settled(message);
        }
        return Task.CompletedTask;
    }

    [GeneratedRegex(@"message size (\d{1,9})\b")]
    private static partial Regex MessageSize();
}
