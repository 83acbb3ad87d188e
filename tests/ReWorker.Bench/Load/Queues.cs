using RabbitMQ.Client;

namespace ReWorker.Bench.Load;

/// <summary>Declares the queues as the runtime does, so that all workers have the same queues.</summary>
internal static class Queues
{
    public const string Exchange = "re";
    public const string Output = "worker.output";

    public static readonly IDictionary<string, object?> DeadArguments =
        new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 2000 };

    public static IDictionary<string, object?> Arguments(string queue) => new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = 2000,
        ["x-dead-letter-exchange"] = "",
        ["x-dead-letter-routing-key"] = $"{queue}.dead",
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    public static async Task DeclareAsync(IChannel channel, string queue)
    {
        await channel.QueueDeclareAsync(
            $"{queue}.dead", durable: true, exclusive: false, autoDelete: false, DeadArguments);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, Arguments(queue));
        await channel.QueueBindAsync(queue, Exchange, queue);
    }

    public static async Task DeclareOutputAsync(IChannel channel)
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true);
        await DeclareAsync(channel, Output);
        await channel.QueueBindAsync(Output, Exchange, "output");
    }
}
