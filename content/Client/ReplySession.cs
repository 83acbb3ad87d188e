using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;

namespace ReWorker.Client;

/// <summary>
/// One life of a requester's connections: one publishes, one consumes the reply queue, since a broker in alarm reads nothing
/// from the first, no acknowledgement either. Whatever is lost, connection, channel or consumer, ends all of it.
/// </summary>
internal sealed class ReplySession(TimeSpan confirmTimeout, TimeProvider time) : IAsyncDisposable
{
    private const ushort Prefetch = 200;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource<string> _loss = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ulong> _heard = Channel.CreateUnbounded<ulong>();
    private readonly ResourceAlarm _alarm = new(time);
    private IConnection? _sending;
    private IConnection? _hearing;
    private IChannel _publish = null!;

    /// <summary>Ends when anything is lost, with what and why.</summary>
    public Task<string> Loss => _loss.Task;

    public bool IsLost => _loss.Task.IsCompleted;

    /// <summary>Why the broker reads nothing from this connection; null while it does.</summary>
    public string? Blocked => _alarm.IsRaised ? _alarm.Reason : null;

    private IConnection Sending => _sending ?? throw new InvalidOperationException("not connected yet");

    private IConnection Hearing => _hearing ?? throw new InvalidOperationException("not connected yet");

    public static async Task<ReplySession> OpenAsync(
        ConnectionSource source, ReplyQueue queue, TimeSpan confirmTimeout, TimeProvider time, CancellationToken cancel)
    {
        var link = new ReplySession(confirmTimeout, time);
        try
        {
            await Task.WhenAll(OpenSendingAsync(), OpenHearingAsync()).ConfigureAwait(false);
            await Deadline.RunAsync(token => link.SetUpAsync(queue, token), confirmTimeout, "opening the reply queue", time, cancel).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        async Task OpenSendingAsync() => link._sending = await source.OpenAsync("requester", cancel).ConfigureAwait(false);

        async Task OpenHearingAsync() => link._hearing = await source.OpenAsync("requester, replies", cancel).ConfigureAwait(false);
    }

    /// <summary>Ends when the broker has confirmed the message.</summary>
    /// <exception cref="PublishException">The broker returned or refused it.</exception>
    public async Task PublishAsync(string routingKey, BasicProperties properties, byte[] body, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _lost.Token);
        // the caller's token stays out of it: a publish cut short would leave the others' channel in doubt
        var confirmed = _publish.BasicPublishAsync(Names.DefaultExchange, routingKey, mandatory: true, properties, body, _lost.Token).AsTask();
        _ = confirmed.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        while (true)
        {
            try
            {
                await confirmed.WaitAsync(confirmTimeout, time, either.Token).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                // a broker in alarm confirms nothing, and reads on where it was when the alarm is over: that is no fault of the connection
                if (!_alarm.IsRaised && (_alarm.EndedAt == 0 || time.GetElapsedTime(_alarm.EndedAt) > confirmTimeout)) End($"the broker confirmed nothing for {confirmTimeout.TotalSeconds:0.#} s");
            }
        }
    }

    /// <summary>Why the broker will not take this message from any connection; null if the loss has another cause.</summary>
    public string? Refusal(int bodyLength) => _publish.CloseReason is { Initiator: ShutdownInitiator.Peer } reason && reason.ReplyCode switch
    {
        403 => true,
        406 => reason.ReplyText.Contains($" {bodyLength} ", StringComparison.Ordinal),
        _ => false,
    } ? reason.ReplyText : null;

    /// <summary>Best effort: what is not deleted expires.</summary>
    public async Task DeleteAsync(string queue)
    {
        await QuietlyAsync(async token =>
        {
            await using var channel = await Hearing.CreateChannelAsync(cancellationToken: token).ConfigureAwait(false);
            await channel.QueueDeleteAsync(queue, cancellationToken: token).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Closes what answers within the limit, and abandons the rest: a close can block for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        End("closed");
        await Task.WhenAll(CloseAsync(_sending), CloseAsync(_hearing)).ConfigureAwait(false);
    }

    private async Task CloseAsync(IConnection? connection)
    {
        if (connection is null) return;
        await QuietlyAsync(token => connection.CloseAsync(200, "bye", CloseLimit, abort: true, token)).ConfigureAwait(false);
        await QuietlyAsync(_ => connection.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    private async Task SetUpAsync(ReplyQueue queue, CancellationToken cancel)
    {
        foreach (var connection in new[] { Sending, Hearing }) connection.ConnectionShutdownAsync += (_, reason) => Signal(() => End(reason.ReplyText));
        Sending.ConnectionBlockedAsync += (_, blocked) => Signal(() => _alarm.Raise(blocked.Reason));
        Sending.ConnectionUnblockedAsync += (_, _) => Signal(_alarm.End);

        _publish = await Sending.CreateChannelAsync(new CreateChannelOptions(true, true), cancel).ConfigureAwait(false);
        _publish.ChannelShutdownAsync += (_, reason) => Signal(() => End(reason.ReplyText));
        if (queue.IsBound) await EnsureExchangeAsync(cancel).ConfigureAwait(false);

        var consume = await Hearing.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        consume.ChannelShutdownAsync += (_, reason) => Signal(() => End(reason.ReplyText));
        await queue.DeclareAsync(consume, cancel).ConfigureAwait(false);
        await consume.BasicQosAsync(0, Prefetch, global: false, cancel).ConfigureAwait(false);

        var consumer = new AsyncEventingBasicConsumer(consume);
        consumer.UnregisteredAsync += (_, _) => Signal(() => End("the broker cancelled the consumer of the reply queue"));
        consumer.ReceivedAsync += (_, delivery) => Signal(() =>
        {
            // what was prefetched before a loss is delivered again by the next connection
            if (IsLost) return;
            queue.Received(delivery);
            _heard.Writer.TryWrite(delivery.DeliveryTag);
        });
        _ = AcknowledgeAsync(consume);
        await consume.BasicConsumeAsync(queue.Name, autoAck: false, consumer, cancel).ConfigureAwait(false);
    }

    /// <summary>Outside the handler, which must not wait for the client; all that was heard meanwhile with one frame.</summary>
    private async Task AcknowledgeAsync(IChannel channel)
    {
        try
        {
            while (await _heard.Reader.WaitToReadAsync(_lost.Token).ConfigureAwait(false))
            {
                ulong last = 0;
                while (_heard.Reader.TryRead(out var tag)) last = tag;
                await channel.BasicAckAsync(last, multiple: true, _lost.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            End(e.Message);
        }
    }

    /// <summary>A requester may come before the first worker does. A channel of its own: a refusal closes it.</summary>
    private async Task EnsureExchangeAsync(CancellationToken cancel)
    {
        try
        {
            await using var channel = await Hearing.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
            await channel.ExchangeDeclarePassiveAsync(Names.Exchange, cancel).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode is 404 && !IsLost)
        {
            await using var channel = await Hearing.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
            await channel.ExchangeDeclareAsync(Names.Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancel).ConfigureAwait(false);
        }
    }

    private void End(string why)
    {
        if (_loss.TrySetResult(why)) _ = _lost.CancelAsync();
    }

    private async Task QuietlyAsync(Func<CancellationToken, Task> action)
    {
        try
        {
            await Deadline.RunAsync(action, CloseLimit, "closing", time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // it is of no use any more, however it ends
        }
    }

    /// <summary>The client's own threads call the handlers: they only signal.</summary>
    private static Task Signal(Action signal)
    {
        signal();
        return Task.CompletedTask;
    }
}
