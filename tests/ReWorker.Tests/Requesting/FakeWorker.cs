using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ReWorker.Tests.Requesting;

/// <summary>A small worker without the runtime. It sends what the test tells it to send.</summary>
public sealed class FakeWorker : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private FakeWorker(IConnection connection, IChannel channel, string queue) =>
        (_connection, _channel, Queue) = (connection, channel, queue);

    /// <summary>The name of its queue, without the prefix <c>worker.</c></summary>
    public string Queue { get; }

    /// <summary>The jobs that it has received.</summary>
    public List<Turn> Jobs { get; } = [];

    public static async Task<FakeWorker> StartAsync(Uri amqp, Func<Turn, Task> work, string? queue = null)
    {
        var factory = new ConnectionFactory { Uri = amqp, ClientProvidedName = "fake worker" };
        var connection = await factory.CreateConnectionAsync();
        var options = new CreateChannelOptions(true, true, consumerDispatchConcurrency: 8);
        var channel = await connection.CreateChannelAsync(options);
        var worker = new FakeWorker(connection, channel, queue ?? $"test-{Guid.NewGuid():n}");
        var name = $"worker.{worker.Queue}";
        await channel.ExchangeDeclareAsync("re", ExchangeType.Topic, durable: true);
        var arguments = new Dictionary<string, object?> { ["x-expires"] = 60_000 };
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var turn = new Turn(channel, delivery.BasicProperties, Encoding.UTF8.GetString(delivery.Body.Span));
            lock (worker.Jobs) worker.Jobs.Add(turn);
            await work(turn);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(name, autoAck: false, consumer);
        return worker;
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.QueueDeleteAsync($"worker.{Queue}");
        await _connection.DisposeAsync();
    }

    /// <summary>One job, and what can be sent about it. A message has no message id unless one is given.</summary>
    public sealed record Turn(IChannel Channel, IReadOnlyBasicProperties Job, string Body)
    {
        public Task StatusAsync(string json, string? id = null) => SendAsync("", Job.ReplyTo!, json, id);

        public Task OutputAsync(string line, string? id = null) =>
            SendAsync("re", "output", $$"""{"message":"{{line}}"}""", id);

        public Task NotifyAsync(string channel, string json) => SendAsync("re", $"notify.{channel}", json, null);

        public Task StartAsync() => StatusAsync("""{"status":"started"}""");

        public Task CompleteAsync() => StatusAsync("""{"status":"completed"}""");

        private async Task SendAsync(string exchange, string key, string json, string? id)
        {
            var properties = new BasicProperties { CorrelationId = Job.CorrelationId, Persistent = true };
            if (id is not null) properties.MessageId = id;
            await Channel.BasicPublishAsync(exchange, key, mandatory: false, properties, Encoding.UTF8.GetBytes(json));
        }
    }
}
