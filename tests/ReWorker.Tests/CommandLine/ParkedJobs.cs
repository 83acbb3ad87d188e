using System.Diagnostics;
using System.Text;
using My.Step_1.Tests;
using RabbitMQ.Client;

namespace ReWorker.Tests.CommandLine;

/// <summary>Parks jobs as the runtime does, in the dead-letter queue of a worker that does not run.</summary>
internal sealed class ParkedJobs(IConnection connection, IChannel channel, string name) : IAsyncDisposable
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    public IChannel Channel => channel;
    public string Name => name;

    /// <summary>The worker's queue.</summary>
    public string Worker => $"worker.{name}";

    /// <summary>The dead-letter queue.</summary>
    public string Parked => $"{Worker}.dead";

    public static async Task<ParkedJobs> CreateAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var queues = new ParkedJobs(connection, channel, BrokerFixture.UniqueQueue());
        // with the broker's default delivery limit
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(queues.Worker, durable: true, exclusive: false, autoDelete: false, quorum);
        await channel.QueueDeclareAsync(queues.Parked, durable: true, exclusive: false, autoDelete: false, quorum);
        return queues;
    }

    public async Task ParkAsync(int count, Func<int, string>? id = null)
    {
        for (var n = 0; n < count; n++)
        {
            var properties = new BasicProperties
            {
                CorrelationId = id?.Invoke(n) ?? $"job-{n}",
                ReplyTo = "reply",
                MessageId = $"m{n}",
                UserId = "guest",
                Expiration = "600000",
                Headers = new Dictionary<string, object?>
                {
                    ["x-reworker-reason"] = $"gave up\n{n}",
                    ["x-reworker-parked-at"] = "2026-01-02T03:04:05.0000000+00:00",
                    ["x-reworker-attempts"] = 3,
                    ["x-reworker-queue"] = Worker,
                    ["own"] = "kept",
                },
            };
            var body = Encoding.UTF8.GetBytes($$"""{"n":{{n}}}""");
            await channel.BasicPublishAsync("", Parked, mandatory: true, properties, body);
        }
    }

    /// <summary>Takes all messages out of a queue, after it has at least so many.</summary>
    public async Task<List<BasicGetResult>> TakeAllAsync(string queue, uint count = 0)
    {
        await WaitAsync(queue, count);
        var all = new List<BasicGetResult>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message) all.Add(message);
        return all;
    }

    /// <inheritdoc cref="TakeAllAsync"/>
    public async Task<IEnumerable<string?>> TakeIdsAsync(string queue, uint count = 0) =>
        (await TakeAllAsync(queue, count)).Select(message => message.BasicProperties.CorrelationId);

    public async Task<uint> CountAsync() => await channel.MessageCountAsync(Parked);

    /// <summary>Waits until so many jobs are parked: a quorum queue requeues a moment after a close.</summary>
    public Task WaitAsync(uint count) => WaitAsync(Parked, count);

    public async ValueTask DisposeAsync()
    {
        await channel.QueueDeleteAsync(Worker);
        await channel.QueueDeleteAsync(Parked);
        await connection.DisposeAsync();
    }

    private async Task WaitAsync(string queue, uint count)
    {
        for (var watch = Stopwatch.StartNew(); await channel.MessageCountAsync(queue) < count; await Task.Delay(10))
            if (watch.Elapsed > MaxWait) throw new TimeoutException($"{queue} does not get {count} messages");
    }
}
