using ReWorker.Running;

namespace ReWorker.Topology;

/// <summary>
/// Declares the exchange, the queue and the dead-letter queue if they are missing, and otherwise uses what exists,
/// whatever its arguments. Each attempt has a channel of its own, because a broker that refuses closes the channel.
/// </summary>
internal sealed partial class TopologyBuilder(ILogger<TopologyBuilder> log)
{
    // concurrent: the probe of an ended epoch and the next epoch may both be here
    private readonly ConcurrentDictionary<string, bool> _logged = [];

    /// <summary>Fails if the exchange or the queue cannot be declared, or is held exclusively.</summary>
    public async Task BuildAsync(IConnection connection, Runner runner, CancellationToken cancel)
    {
        var (queue, deadQueue) = (runner.Queue, Names.DeadQueue(runner.Queue));
        await EnsureAsync(connection, "exchange", Names.Exchange, isVital: true,
            channel => channel.ExchangeDeclarePassiveAsync(Names.Exchange, cancel),
            channel => channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancel));
        await EnsureQueueAsync(connection, deadQueue, isVital: false, QueueArguments.DeadQueue, cancel);
        await EnsureQueueAsync(connection, queue, isVital: true, QueueArguments.JobQueue(deadQueue), cancel);
        foreach (var key in runner.RoutingKeys) await BindAsync(connection, queue, key, cancel);
    }

    private Task EnsureQueueAsync(
        IConnection connection, string queue, bool isVital, IDictionary<string, object?> arguments,
        CancellationToken cancel) =>
        EnsureAsync(connection, "queue", queue, isVital,
            channel => channel.QueueDeclarePassiveAsync(queue, cancel),
            channel => channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel));

    private async Task EnsureAsync(
        IConnection connection, string kind, string name, bool isVital, Func<IChannel, Task> look,
        Func<IChannel, Task> declare)
    {
        var missing = await TryAsync(connection, look);
        if (missing?.ReplyCode is 405)
            throw new InvalidOperationException($"another connection holds the {kind} {name} exclusively");
        // if it exists, declaring it tells once whether its arguments differ
        if (missing is null && !_logged.TryAdd(name, true)) return;
        if (await TryAsync(connection, declare) is not { } refusal) return;
        if (missing is null)
        {
            if (refusal.ReplyCode is 406) LogDifferent(log, kind, name, refusal.ReplyText);
        }
        else if (missing.ReplyCode is 404 && isVital)
        {
            var reason = refusal.ReplyText;
            throw new InvalidOperationException($"the {kind} {name} is missing and cannot be declared: {reason}");
        }
        else if (_logged.TryAdd(name, true)) LogMissing(log, kind, name, refusal.ReplyText);
    }

    private async Task BindAsync(IConnection connection, string queue, string key, CancellationToken cancel)
    {
        var refusal = await TryAsync(
            connection, channel => channel.QueueBindAsync(queue, Names.Exchange, key, cancellationToken: cancel));
        if (refusal is not null && _logged.TryAdd($"{queue}<{key}", true))
            LogUnbound(log, queue, key, refusal.ReplyText);
    }

    // null if the broker agreed; otherwise its reason for closing the channel
    private static async Task<ShutdownEventArgs?> TryAsync(IConnection connection, Func<IChannel, Task> action)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await action(channel);
            return null;
        }
        catch (OperationInterruptedException e)
            when (e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && connection.IsOpen)
        {
            return e.ShutdownReason;
        }
    }

    [LoggerMessage(50, LogLevel.Warning,
        "The {Kind} {Name} already exists with different arguments and is used as is: {Reason}")]
    private static partial void LogDifferent(ILogger log, string kind, string name, string reason);
    [LoggerMessage(51, LogLevel.Warning,
        "The {Kind} {Name} is missing and cannot be declared: {Reason}. Jobs that must be parked wait for it.")]
    private static partial void LogMissing(ILogger log, string kind, string name, string reason);
    [LoggerMessage(52, LogLevel.Warning,
        "The queue {Queue} could not be bound to {Key}: {Reason}. It receives only what is sent to it by name.")]
    private static partial void LogUnbound(ILogger log, string queue, string key, string reason);
}
