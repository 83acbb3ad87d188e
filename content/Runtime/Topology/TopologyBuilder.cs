using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Running;
using ReWorker.Wire.Contract;

namespace ReWorker.Topology;

/// <summary>
/// Exchange, queue, dead-letter queue: declares what is missing and uses what is there, whatever its arguments. Each try
/// has a channel of its own, since a broker that says no closes it.
/// </summary>
internal sealed partial class TopologyBuilder(ILogger<TopologyBuilder> log)
{
    // two may be at it: the look at an ended epoch's queues, and the next epoch
    private readonly ConcurrentDictionary<string, bool> _said = [];

    /// <exception cref="TopologyException">A queue is missing and can't be declared, or is another's.</exception>
    public async Task BuildAsync(IConnection connection, Runner runner, CancellationToken cancel)
    {
        await EnsureAsync(connection, "exchange", Names.Exchange,
            channel => channel.ExchangeDeclarePassiveAsync(Names.Exchange, cancel),
            channel => channel.ExchangeDeclareAsync(Names.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancel), isVital: true).ConfigureAwait(false);
        var dead = Names.DeadQueue(runner.Queue);
        await EnsureQueueAsync(connection, dead, QueueArguments.DeadQueue, isVital: false, cancel).ConfigureAwait(false);
        await EnsureQueueAsync(connection, runner.Queue, QueueArguments.JobQueue(dead), isVital: true, cancel).ConfigureAwait(false);
        foreach (var key in runner.RoutingKeys) await BindAsync(connection, runner.Queue, key, cancel).ConfigureAwait(false);
    }

    private Task EnsureQueueAsync(IConnection connection, string queue, IDictionary<string, object?> arguments, bool isVital, CancellationToken cancel) =>
        EnsureAsync(connection, "queue", queue,
            channel => channel.QueueDeclarePassiveAsync(queue, cancel),
            channel => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel), isVital);

    private async Task EnsureAsync(
        IConnection connection, string kind, string name, Func<IChannel, Task> look, Func<IChannel, Task> declare, bool isVital)
    {
        var missing = await TryAsync(connection, look).ConfigureAwait(false);
        if (missing?.ReplyCode is 405) throw new TopologyException($"the {kind} {name} is held exclusively by another connection");
        // there already: say once if it is not what would have been declared
        var refused = missing is null && !_said.TryAdd(name, true) ? null : await TryAsync(connection, declare).ConfigureAwait(false);
        if (refused is null) return;
        if (missing is null)
        {
            if (refused.ReplyCode is 406) LogOther(log, kind, name, refused.ReplyText);
        }
        else if (missing.ReplyCode is 404 && isVital)
        {
            throw new TopologyException($"there is no {kind} {name}, and it can't be declared: {refused.ReplyText}");
        }
        else if (_said.TryAdd(name, true))
        {
            LogNone(log, kind, name, refused.ReplyText);
        }
    }

    private async Task BindAsync(IConnection connection, string queue, string key, CancellationToken cancel)
    {
        var refused = await TryAsync(connection, channel => channel.QueueBindAsync(queue, Names.Exchange, key, cancellationToken: cancel)).ConfigureAwait(false);
        if (refused is not null && _said.TryAdd($"{queue}<{key}", true)) LogUnbound(log, queue, key, refused.ReplyText);
    }

    /// <summary>Null if the broker agreed, else its reason for closing the channel.</summary>
    private static async Task<RabbitMQ.Client.Events.ShutdownEventArgs?> TryAsync(IConnection connection, Func<IChannel, Task> action)
    {
        await using var channel = await connection.CreateChannelAsync().ConfigureAwait(false);
        try
        {
            await action(channel).ConfigureAwait(false);
            return null;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: >= 400 and < 500 } reason && connection.IsOpen)
        {
            return reason;
        }
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "The {Kind} {Name} was made with other properties than this worker would have given it, and is used as it is: {Reason}")]
    private static partial void LogOther(ILogger log, string kind, string name, string reason);

    [LoggerMessage(EventId = 51, Level = LogLevel.Warning, Message = "There is no {Kind} {Name}, and it can't be declared: {Reason}. Jobs that must be parked will wait for it.")]
    private static partial void LogNone(ILogger log, string kind, string name, string reason);

    [LoggerMessage(EventId = 52, Level = LogLevel.Warning, Message = "The queue {Queue} could not be bound to the key {Key}: {Reason}. It gets what is sent to it by name.")]
    private static partial void LogUnbound(ILogger log, string queue, string key, string reason);
}

/// <summary>The broker does not have what the worker needs.</summary>
internal sealed class TopologyException(string message) : Exception(message);
