using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Consuming;
using ReWorker.Running;
using ReWorker.Supervision;

namespace ReWorker.Topology;

/// <summary>Starts a worker's consumer, with a consumer timeout of its own where the broker takes one.</summary>
internal sealed class ConsumerStart
{
    private readonly ConcurrentDictionary<string, bool> _takesNoTimeout = [];

    public async Task<Consumer> StartAsync(Epoch epoch, Runner runner, CancellationToken cancel)
    {
        try
        {
            return await ConsumeAsync(epoch, runner, _takesNoTimeout.ContainsKey(runner.Queue) ? null : QueueArguments.OfConsumer(runner), cancel).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: 406 } && _takesNoTimeout.TryAdd(runner.Queue, true))
        {
            // classic queues of RabbitMQ 4.3 refuse the argument
            return await ConsumeAsync(epoch, runner, null, cancel).ConfigureAwait(false);
        }
    }

    private static async Task<Consumer> ConsumeAsync(Epoch epoch, Runner runner, IDictionary<string, object?>? arguments, CancellationToken cancel)
    {
        var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        await channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: false, cancel).ConfigureAwait(false);
        var consumer = new Consumer(channel, epoch, runner);
        await channel.BasicConsumeAsync(
            runner.Queue, autoAck: false, consumerTag: $"{runner.Name}-{Guid.CreateVersion7():N}", noLocal: false, exclusive: false, arguments, consumer, cancel).ConfigureAwait(false);
        epoch.Add(consumer);
        return consumer;
    }
}
