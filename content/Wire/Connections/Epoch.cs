using RabbitMQ.Client.Events;

namespace ReWorker.Wire.Connections;

/// <summary>
/// The lifetime of a pair of connections, one that consumes and one that publishes. During an alarm, RabbitMQ stops
/// reading from a publishing connection; acknowledgements must not wait there. Losing a connection, a channel or a
/// consumer ends the epoch, and its owner starts the next one.
/// </summary>
internal sealed class Epoch(TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Loss> _loss = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConnection? _consume;
    private IConnection? _publish;
    private IChannel? _publishChannel;

    public Task<Loss> Loss => _loss.Task;               // completes when the epoch ends
    public CancellationToken Ended => _ended.Token;     // everything that waits for the broker waits with this token
    public ResourceAlarm Alarm { get; } = new(time);
    public IConnection ConsumeConnection => _consume ?? throw NotConnected();
    public IConnection PublishConnection => _publish ?? throw NotConnected();
    public IChannel PublishChannel => _publishChannel ?? throw NotConnected();

    /// <summary>Ends the epoch. The first loss counts. Never blocks, so the client's own threads may call it.</summary>
    public void End(Loss loss)
    {
        if (_loss.TrySetResult(loss)) _ = _ended.CancelAsync();
    }

    /// <summary>Opens both connections at once. If one fails, disposing the epoch closes the other.</summary>
    /// <param name="onProgress">Called when a connection is open.</param>
    public Task ConnectAsync(
        ConnectionSource source, string consumeName, string publishName, Action? onProgress, CancellationToken cancel)
    {
        return Task.WhenAll(OpenConsumeAsync(), OpenPublishAsync());

        async Task OpenConsumeAsync()
        {
            _consume = await source.OpenAsync(consumeName, cancel);
            onProgress?.Invoke();
            Watch(_consume);
        }
        async Task OpenPublishAsync()
        {
            _publish = await source.OpenAsync(publishName, cancel);
            onProgress?.Invoke();
            Watch(_publish);
            _publish.ConnectionBlockedAsync += (_, blocked) => Signal(() => Alarm.Raise(blocked.Reason));
            _publish.ConnectionUnblockedAsync += (_, _) => Signal(Alarm.End);
        }
    }

    public async Task OpenPublishChannelAsync(CreateChannelOptions options, CancellationToken cancel)
    {
        _publishChannel = await PublishConnection.CreateChannelAsync(options, cancel);
        Watch(_publishChannel);
    }

    public void Watch(IChannel channel) => channel.ChannelShutdownAsync +=
        (_, reason) => Signal(() => End(new Loss(LossReason.Channel, Describe(reason))));

    /// <summary>Closes both connections. A close can block forever, so it is abandoned after a while.</summary>
    public async ValueTask DisposeAsync()
    {
        End(new Loss(LossReason.Stopped, "stopped"));
        await Task.WhenAll(CloseAsync(_consume), CloseAsync(_publish));
    }

    private async Task CloseAsync(IConnection? connection)
    {
        if (connection is null) return;
        await TryAsync(token => connection.CloseAsync(200, "bye", CloseTimeout, abort: true, token));
        // Frees the socket even if the close was not answered. Nothing depends on it, so nothing waits for it.
        _ = TryAsync(_ => connection.DisposeAsync().AsTask());
    }

    private async Task TryAsync(Func<CancellationToken, Task> close)
    {
        try
        {
            await Deadline.RunAsync(close, CloseTimeout, "closing", time, CancellationToken.None);
        }
        catch (Exception)
        {
            // The connection is no longer needed, however its close ends.
        }
    }

    private void Watch(IConnection connection) => connection.ConnectionShutdownAsync +=
        (_, reason) => Signal(() => End(new Loss(LossReason.Connection, Describe(reason))));

    private static InvalidOperationException NotConnected() => new("not connected yet");

    private static string Describe(ShutdownEventArgs reason)
    {
        var initiator = reason.Initiator switch
        {
            ShutdownInitiator.Peer => "the broker",
            ShutdownInitiator.Library => "the client",
            _ => "this process",
        };
        return $"{reason.ReplyText} ({reason.ReplyCode}, closed by {initiator})";
    }

    private static Task Signal(Action signal)
    {
        signal();
        return Task.CompletedTask;
    }
}
