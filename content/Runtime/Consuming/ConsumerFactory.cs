using ReWorker.Running;
using ReWorker.Topology;

namespace ReWorker.Consuming;

/// <summary>Starts the consumer of a worker, with a consumer timeout of its own where the broker accepts one.</summary>
internal sealed class ConsumerFactory
{
    private readonly ConcurrentDictionary<string, bool> _withoutTimeout = [];

    public async Task StartAsync(EpochConsumers consumers, Runner runner, CancellationToken cancel)
    {
        var arguments = _withoutTimeout.ContainsKey(runner.Queue) ? null : QueueArguments.ForConsumer(runner);
        try
        {
            await ConsumeAsync(consumers, runner, arguments, cancel);
        }
        catch (OperationInterruptedException e)
            when (e.ShutdownReason is { ReplyCode: 406 } && _withoutTimeout.TryAdd(runner.Queue, true))
        {
            // classic queues of RabbitMQ 4.3 reject the argument
            await ConsumeAsync(consumers, runner, null, cancel);
        }
    }

    private static async Task ConsumeAsync(
        EpochConsumers consumers, Runner runner, IDictionary<string, object?>? arguments, CancellationToken cancel)
    {
        var channel = await consumers.Epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel);
        await channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: false, cancel);
        var consumer = new Consumer(channel, consumers.Epoch, runner);
        await channel.BasicConsumeAsync(
            runner.Queue, autoAck: false, consumer.Tag, noLocal: false, exclusive: false, arguments, consumer, cancel);
        consumers.Add(consumer);
        _ = consumer.WriteAcksAsync();
    }
}
