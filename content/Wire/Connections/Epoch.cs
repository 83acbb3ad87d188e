using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ReWorker.Wire.Connections;

/// <summary>
/// One life of the connections: connect, channels, topology, consume. Whatever is lost, connection, channel or consumer,
/// ends all of it; the supervisor begins the next. Two connections: a broker in alarm stops reading those that publish.
/// </summary>
internal sealed class Epoch(TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Loss> _loss = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConnection? _consume;
    private IConnection? _publish;
    private IChannel? _publishChannel;

    /// <summary>Fires with the end; what waits for anything of the epoch's waits with it.</summary>
    public CancellationToken Ended => _ended.Token;

    public Task<Loss> Loss => _loss.Task;

    public ResourceAlarm Alarm { get; } = new(time);

    public IConnection ConsumeConnection => _consume ?? throw new InvalidOperationException("not connected yet");

    public IConnection PublishConnection => _publish ?? throw new InvalidOperationException("not connected yet");

    public IChannel PublishChannel => _publishChannel ?? throw new InvalidOperationException("not connected yet");

    /// <summary>Ends the epoch; the first reason counts. Only signals, so that the client's own threads may call it.</summary>
    public void End(Loss loss)
    {
        if (_loss.TrySetResult(loss)) _ = _ended.CancelAsync();
    }

    /// <summary>Opens both connections at the same time. If one fails, the epoch closes the other.</summary>
    /// <param name="onProgress">Called after each connection is open.</param>
    public Task ConnectAsync(
        ConnectionSource source, string consumeName, string publishName, Action? onProgress, CancellationToken cancel)
    {
        return Task.WhenAll(OpenConsumingAsync(), OpenPublishingAsync());

        async Task OpenConsumingAsync()
        {
            _consume = await source.OpenAsync(consumeName, cancel).ConfigureAwait(false);
            onProgress?.Invoke();
            Watch(_consume);
        }

        async Task OpenPublishingAsync()
        {
            _publish = await source.OpenAsync(publishName, cancel).ConfigureAwait(false);
            onProgress?.Invoke();
            Watch(_publish);
            _publish.ConnectionBlockedAsync += (_, blocked) => Signal(() => Alarm.Raise(blocked.Reason));
            _publish.ConnectionUnblockedAsync += (_, _) => Signal(Alarm.End);
        }
    }

    public async Task OpenPublishChannelAsync(CreateChannelOptions options, CancellationToken cancel)
    {
        _publishChannel = await PublishConnection.CreateChannelAsync(options, cancel).ConfigureAwait(false);
        Watch(_publishChannel);
    }

    /// <summary>Closes what answers within the limit, and abandons the rest: a close can block for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        End(new Loss(LossReason.Stopped, "stopped"));
        await Task.WhenAll(CloseAsync(_consume), CloseAsync(_publish)).ConfigureAwait(false);
    }

    private async Task CloseAsync(IConnection? connection)
    {
        if (connection is null) return;
        await TryAsync(token => connection.CloseAsync(200, "bye", CloseLimit, abort: true, token)).ConfigureAwait(false);
        // gives the socket back also where the close got no answer; nobody waits for that
        _ = TryAsync(_ => connection.DisposeAsync().AsTask());
    }

    private async Task TryAsync(Func<CancellationToken, Task> end)
    {
        try
        {
            await Deadline.RunAsync(end, CloseLimit, "closing", time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // it is of no use any more, however it ends
        }
    }

    private void Watch(IConnection connection) =>
        connection.ConnectionShutdownAsync += (_, reason) => Signal(() => End(new Loss(LossReason.Connection, Words(reason))));

    /// <summary>Ends the epoch when the channel closes.</summary>
    public void Watch(IChannel channel) =>
        channel.ChannelShutdownAsync += (_, reason) => Signal(() => End(new Loss(LossReason.Channel, Words(reason))));

    private static string Words(ShutdownEventArgs reason) => $"{reason.ReplyText} ({reason.ReplyCode}, closed by {reason.Initiator switch
    {
        ShutdownInitiator.Peer => "the broker",
        ShutdownInitiator.Library => "the client",
        _ => "the worker",
    }})";

    private static Task Signal(Action signal)
    {
        signal();
        return Task.CompletedTask;
    }
}
