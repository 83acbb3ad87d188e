using System.Collections.Concurrent;
using RabbitMQ.Client.Exceptions;
using ReWorker.Running;
using ReWorker.Topology;

namespace ReWorker.Consuming;

/// <summary>Starts a worker's consumer, with a consumer timeout of its own where the broker takes one.</summary>
internal sealed class ConsumerFactory
{
    private readonly ConcurrentDictionary<string, bool> _takesNoTimeout = [];

    public async Task<Consumer> StartAsync(EpochConsumers taking, Runner runner, CancellationToken cancel)
    {
        try
        {
            return await ConsumeAsync(taking, runner, _takesNoTimeout.ContainsKey(runner.Queue) ? null : QueueArguments.ForConsumer(runner), cancel).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: 406 } && _takesNoTimeout.TryAdd(runner.Queue, true))
        {
            // classic queues of RabbitMQ 4.3 refuse the argument
            return await ConsumeAsync(taking, runner, null, cancel).ConfigureAwait(false);
        }
    }

    private static async Task<Consumer> ConsumeAsync(EpochConsumers taking, Runner runner, IDictionary<string, object?>? arguments, CancellationToken cancel)
    {
        var channel = await taking.Epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel).ConfigureAwait(false);
        await channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: false, cancel).ConfigureAwait(false);
        var consumer = new Consumer(channel, taking.Epoch, runner);
        await channel.BasicConsumeAsync(
            runner.Queue, autoAck: false, consumerTag: $"{runner.Name}-{Guid.CreateVersion7():N}", noLocal: false, exclusive: false, arguments, consumer, cancel).ConfigureAwait(false);
        taking.Add(consumer);
        return consumer;
    }
}
