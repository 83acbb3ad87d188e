using System.Diagnostics;
using RabbitMQ.Client;

namespace ReWorker.Bench.Load;

/// <summary>How a phase of many jobs went.</summary>
/// <param name="Jobs">Jobs sent and completed in all.</param>
/// <param name="PerSecond">Jobs completed a second while the load was full.</param>
internal readonly record struct Throughput(int Jobs, double PerSecond);

/// <summary>Plays the requester: sends jobs to a worker's queue, reads its replies and output, and checks each of them.</summary>
internal sealed class JobLoad : IAsyncDisposable
{
    /// <summary>Jobs sent and not completed: a queue that is never empty, and never long.</summary>
    public const int Window = 512;

    private static readonly TimeSpan Ramp = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IConnection _sends;
    private readonly IConnection _reads;
    private readonly IChannel _channel;
    private int _completed;

    private JobLoad(IConnection sends, IConnection reads, IChannel channel, string replyTo) => (_sends, _reads, _channel, ReplyTo) = (sends, reads, channel, replyTo);

    public string ReplyTo { get; }

    public JobTable Table { get; } = new();

    public int Completed => Volatile.Read(ref _completed);

    /// <param name="replyTo">The queue for the replies: exclusive, as a requester's is.</param>
    public static async Task<JobLoad> OpenAsync(Uri broker, string replyTo)
    {
        var factory = new ConnectionFactory { Uri = broker };
        var sends = await factory.CreateConnectionAsync("bench sends");
        var reads = await factory.CreateConnectionAsync("bench reads");
        await using (var topology = await reads.CreateChannelAsync()) await Queues.DeclareOutputAsync(topology);
        var channel = await sends.CreateChannelAsync();
        var load = new JobLoad(sends, reads, channel, replyTo);
        var replies = await reads.CreateChannelAsync();
        await replies.QueueDeclareAsync(replyTo, durable: false, exclusive: true, autoDelete: true);
        var reader = new Reader(replies, load);
        await replies.BasicConsumeAsync(replyTo, autoAck: true, "replies", reader);
        await replies.BasicConsumeAsync(Queues.Output, autoAck: true, "output", reader);
        load.Table.OnCompleted = (_, _) => Interlocked.Increment(ref load._completed);
        return load;
    }

    public async Task SendAsync(string queue, JobShape shape, byte[] body)
    {
        var properties = new BasicProperties { CorrelationId = Table.Add(shape.Lines, Stopwatch.GetTimestamp()), ReplyTo = ReplyTo };
        await _channel.BasicPublishAsync("", queue, mandatory: false, properties, body);
    }

    /// <summary>Keeps the queue filled for so long, then waits until every job is done.</summary>
    public async Task<Throughput> FillAsync(string queue, JobShape shape, TimeSpan time, int window = Window)
    {
        var body = shape.Body();
        var (first, firstDone) = (Table.Sent, Table.Done);
        var clock = Stopwatch.StartNew();
        var (fullAt, fullFrom) = (TimeSpan.Zero, 0);
        var before = Completed;
        while (clock.Elapsed < time + Ramp)
        {
            if (fullAt == TimeSpan.Zero && clock.Elapsed > Ramp) (fullAt, fullFrom) = (clock.Elapsed, Completed);
            if (Table.Sent - first - (Table.Done - firstDone) < window) await SendAsync(queue, shape, body);
            else await Task.Delay(1);
        }
        var perSecond = (Completed - fullFrom) / (clock.Elapsed - fullAt).TotalSeconds;
        await DrainAsync();
        return new Throughput(Completed - before, perSecond);
    }

    /// <summary>Sends one job after the other, each when the last is completed; milliseconds each.</summary>
    public async Task<List<double>> OneByOneAsync(string queue, JobShape shape, int count)
    {
        var body = shape.Body();
        var took = new List<double>();
        for (var job = 0; job < count; job++) took.Add(await OnceAsync(() => SendAsync(queue, shape, body)));
        return took;
    }

    /// <summary>Milliseconds from now until the next job is completed.</summary>
    public async Task<double> OnceAsync(Func<Task> begin)
    {
        var completed = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var usual = Table.OnCompleted;
        Table.OnCompleted = (number, took) =>
        {
            usual!(number, took);
            completed.TrySetResult(Stopwatch.GetTimestamp());
        };
        var began = Stopwatch.GetTimestamp();
        await begin();
        var ended = await completed.Task.WaitAsync(Patience);
        Table.OnCompleted = usual;
        return Stopwatch.GetElapsedTime(began, ended).TotalMilliseconds;
    }

    /// <summary>Waits until every job is done.</summary>
    /// <exception cref="TimeoutException">None has got done for a minute.</exception>
    public async Task DrainAsync()
    {
        var (last, since) = (-1, Stopwatch.GetTimestamp());
        while (Table.Done < Table.Sent)
        {
            if (Table.Done != last) (last, since) = (Table.Done, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(since) > Patience) throw new TimeoutException($"{Table.Sent - last} of {Table.Sent} jobs are not done, and none has been for {Patience.TotalSeconds} s");
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sends.DisposeAsync();
        await _reads.DisposeAsync();
    }

    private sealed class Reader(IChannel channel, JobLoad load) : AsyncDefaultBasicConsumer(channel)
    {
        public override Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            if (consumerTag == "replies") load.Table.Reply(properties.CorrelationId, body.Span, Stopwatch.GetTimestamp());
            else load.Table.Line(properties.CorrelationId, body.Span);
            return Task.CompletedTask;
        }
    }
}
