using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ReWorker.Templates.Tests;

/// <summary>A worker that returns a job's parameters, without the runtime.</summary>
internal sealed class EchoWorker : IAsyncDisposable
{
    private readonly IConnection _connection;

    private EchoWorker(IConnection connection) => _connection = connection;

    public static async Task<EchoWorker> StartAsync(Uri amqp, string queue)
    {
        var connection = await new ConnectionFactory { Uri = amqp }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync($"worker.{queue}", durable: true, exclusive: false, autoDelete: false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var job = JsonNode.Parse(delivery.Body.Span)!;
            var properties = new BasicProperties { CorrelationId = delivery.BasicProperties.CorrelationId };
            foreach (var reply in new JsonObject[]
            {
                new() { ["status"] = "started" },
                new() { ["status"] = "completed", ["data"] = job["parameters"]?.DeepClone() },
            })
            {
                var body = System.Text.Encoding.UTF8.GetBytes(reply.ToJsonString());
                await channel.BasicPublishAsync("", delivery.BasicProperties.ReplyTo!, false, properties, body);
            }
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync($"worker.{queue}", autoAck: false, consumer);
        return new EchoWorker(connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
