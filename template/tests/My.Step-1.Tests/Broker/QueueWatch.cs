using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace My.Step_1.Tests;

/// <summary>Waits for the states of queues, and deletes queues.</summary>
internal static class QueueWatch
{
    /// <summary>Waits until the queue exists and has a consumer.</summary>
    public static Task WaitForConsumerAsync(this BrokerFixture broker, string queue, CancellationToken cancel) =>
        WaitAsync(broker, queue, state => state.ConsumerCount > 0, cancel);

    /// <summary>Waits until the queue is empty and has a consumer.</summary>
    public static Task WaitForEmptyQueueAsync(this BrokerFixture broker, string queue, CancellationToken cancel) =>
        WaitAsync(broker, queue, state => state.MessageCount == 0 && state.ConsumerCount > 0, cancel);

    /// <summary>Waits until the queue has a message.</summary>
    public static Task WaitForMessageAsync(this BrokerFixture broker, string queue, CancellationToken cancel) =>
        WaitAsync(broker, queue, state => state.MessageCount > 0, cancel);

    public static async Task DeleteQueueAsync(this BrokerFixture broker, string queue, CancellationToken cancel)
    {
        await using var connection = await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync(cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
        await channel.QueueDeleteAsync(queue, cancellationToken: cancel);
    }

    private static async Task WaitAsync(
        BrokerFixture broker, string queue, Func<QueueDeclareOk, bool> isReached, CancellationToken cancel)
    {
        await using var connection = await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync(cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            await using var channel = await connection.CreateChannelAsync(cancellationToken: limit.Token);
            try
            {
                if (isReached(await channel.QueueDeclarePassiveAsync(queue, limit.Token))) return;
            }
            catch (OperationInterruptedException)
            {
                // the queue does not exist yet
            }
            await Task.Delay(100, limit.Token);
        }
    }
}
