using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ReWorker.Tests.Requesting;

/// <summary>A worker of a few lines that has nothing of the runtime's: it says what the test tells it to say.</summary>
public sealed class FakeWorker : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private FakeWorker(IConnection connection, IChannel channel, string queue) => (_connection, _channel, Queue) = (connection, channel, queue);

    /// <summary>Its queue's name, without <c>worker.</c></summary>
    public string Queue { get; }

    /// <summary>The jobs that it took.</summary>
    public List<Turn> Jobs { get; } = [];

    public static async Task<FakeWorker> StartAsync(Uri amqp, Func<Turn, Task> work, string? queue = null)
    {
        var factory = new ConnectionFactory { Uri = amqp, ClientProvidedName = "fake worker" };
        var connection = await factory.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, consumerDispatchConcurrency: 8));
        var worker = new FakeWorker(connection, channel, queue ?? $"test-{Guid.NewGuid():n}");
        var name = $"worker.{worker.Queue}";
        await channel.ExchangeDeclareAsync("re", ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-expires"] = 60_000 });
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

    /// <summary>One job, and what can be said of it. Nothing has a message id unless it is given one.</summary>
    public sealed record Turn(IChannel Channel, IReadOnlyBasicProperties Job, string Body)
    {
        public Task StatusAsync(string json, string? id = null) => SendAsync("", Job.ReplyTo!, json, id);

        public Task OutputAsync(string line, string? id = null) => SendAsync("re", "output", $$"""{"message":"{{line}}"}""", id);

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
