using System.Collections.Concurrent;
using System.Net;
using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Faults;

/// <summary>
/// Sends jobs and hears replies and output through durable queues of its own, past the proxy. It is written on the bare
/// client, so that the worker is not judged by its own code, and outlives everything that is done to the broker.
/// </summary>
internal sealed class Requester(IReadOnlyList<IPEndPoint> nodes, string vhost, string user, string password)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, SentJob> _jobs = [];
    private readonly CancellationTokenSource _end = new();
    private Task _loop = Task.CompletedTask;
    private volatile IChannel? _publish;
    private volatile IConnection? _connection;

    public string ReplyQueue { get; } = $"replies-{Guid.NewGuid().ToString("N")[..8]}";

    public IEnumerable<SentJob> Jobs => _jobs.Values;

    /// <summary>False where the row makes the exchange itself.</summary>
    public bool HearsOutput { get; set; } = true;

    /// <summary>Replies that belong to no job sent.</summary>
    public ConcurrentQueue<string> Strays { get; } = [];

    public void Start()
    {
        // a second consumer would take its share of the replies, out of order
        if (_loop == Task.CompletedTask) _loop = Task.Run(LoopAsync);
    }

    public async Task SendAsync(
        SentJob job, string queue, byte[] body, string? replyTo = null, Action<BasicProperties>? craft = null,
        string exchange = "")
    {
        _jobs[job.Id] = job;
        var properties = new BasicProperties
        {
            CorrelationId = job.Id, ReplyTo = replyTo ?? ReplyQueue, Persistent = true,
        };
        craft?.Invoke(properties);
        var limit = Environment.TickCount64 + 120_000;
        while (true)
        {
            try
            {
                if (_publish is { IsOpen: true } channel)
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
                    deadline.CancelAfter(TimeSpan.FromSeconds(30));
                    await channel.BasicPublishAsync(exchange, queue, mandatory: true, properties, body, deadline.Token)
                        .AsTask().WaitAsync(TimeSpan.FromSeconds(31));
                    return;
                }
            }
            catch (Exception) when (!_end.IsCancellationRequested && Environment.TickCount64 < limit)
            {
                // unconfirmed: it is sent again with the same ids, and the broker may have it twice
                job.Runs++;
            }
            await Task.Delay(100, _end.Token);
            if (Environment.TickCount64 > limit)
                throw new FaultException("the requester could not send a job for two minutes");
        }
    }

    /// <summary>Does something on a connection of the requester's.</summary>
    public async Task<T> OnChannelAsync<T>(Func<IChannel, Task<T>> action)
    {
        while (_connection is not { IsOpen: true }) await Task.Delay(50, _end.Token);
        await using var channel = await _connection.CreateChannelAsync(cancellationToken: _end.Token);
        return await action(channel);
    }

    public Task OnChannelAsync(Func<IChannel, Task> action) =>
        OnChannelAsync(async channel => { await action(channel); return true; });

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
    }

    private async Task LoopAsync()
    {
        for (var turn = 0; !_end.IsCancellationRequested; turn++)
        {
            try
            {
                await LiveAsync(nodes[turn % nodes.Count]);
            }
            catch (Exception)
            {
                // a row is damaging the broker
            }
            _publish = null;
            try
            {
                if (_connection is { } old)
                    await old.AbortAsync(200, "", TimeSpan.FromSeconds(1)).WaitAsync(TimeSpan.FromSeconds(2));
                await Task.Delay(200, _end.Token);
            }
            catch (Exception)
            {
                // likewise
            }
        }
    }

    private async Task LiveAsync(IPEndPoint node)
    {
        var (shortly, longer) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));
        var factory = new ConnectionFactory
        {
            HostName = node.Address.ToString(), Port = node.Port, VirtualHost = vhost,
            UserName = user, Password = password, ClientProvidedName = "requester", AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = shortly, RequestedConnectionTimeout = shortly,
            HandshakeContinuationTimeout = shortly, ContinuationTimeout = longer,
        };
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = _end.Token.Register(() => lost.TrySetResult());
        var connection = _connection = await factory.CreateConnectionAsync(_end.Token).WaitAsync(longer);
        connection.ConnectionShutdownAsync += (_, _) => { lost.TrySetResult(); return Task.CompletedTask; };

        var channel = await connection.CreateChannelAsync(cancellationToken: _end.Token);
        channel.ChannelShutdownAsync += (_, _) => { lost.TrySetResult(); return Task.CompletedTask; };
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        // a cluster that lost a node waits a minute before it redelivers what consumers there had
        if (nodes.Count > 1) arguments["x-consumer-disconnected-timeout"] = 2000;
        await channel.QueueDeclareAsync(
            ReplyQueue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: _end.Token);
        if (HearsOutput)
        {
            await channel.ExchangeDeclareAsync("re", ExchangeType.Topic, durable: true, cancellationToken: _end.Token);
            await channel.QueueBindAsync(ReplyQueue, "re", "output", cancellationToken: _end.Token);
        }
        var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            Hear(message.BasicProperties, message.Body, message.Redelivered);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, _end.Token);
        };
        consumer.UnregisteredAsync += (_, _) => { lost.TrySetResult(); return Task.CompletedTask; };
        await channel.BasicConsumeAsync(ReplyQueue, autoAck: false, consumer, _end.Token);

        var publish = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), _end.Token);
        publish.ChannelShutdownAsync += (_, _) => { lost.TrySetResult(); return Task.CompletedTask; };
        _publish = publish;
        await lost.Task;
    }

    private void Hear(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, bool redelivered)
    {
        if (_jobs.TryGetValue(properties.CorrelationId ?? "", out var job))
            job.Hear(properties.MessageId, body, redelivered);
        else
            Strays.Enqueue($"{properties.CorrelationId}: {Encoding.UTF8.GetString(body.Span)}");
    }
}
