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
    private readonly IChannel _replies;
    private int _completed;

    private JobLoad(IConnection sends, IConnection reads, IChannel channel, IChannel replies, string replyTo) =>
        (_sends, _reads, _channel, _replies, ReplyTo) = (sends, reads, channel, replies, replyTo);

    public string ReplyTo { get; }

    public JobTable Table { get; } = new();

    public int Completed => Volatile.Read(ref _completed);

    /// <param name="replyTo">The queue for the replies: exclusive, as a requester's is.</param>
    /// <param name="reads">False for a requester that reads nothing until <see cref="ReadAsync"/>.</param>
    public static async Task<JobLoad> OpenAsync(Uri broker, string replyTo, bool reads = true)
    {
        var factory = new ConnectionFactory { Uri = broker };
        var sends = await factory.CreateConnectionAsync("bench sends");
        var connection = await factory.CreateConnectionAsync("bench reads");
        var replies = await connection.CreateChannelAsync();
        await Queues.DeclareOutputAsync(replies);
        await replies.QueueDeclareAsync(replyTo, durable: false, exclusive: true, autoDelete: true);
        var load = new JobLoad(sends, connection, await sends.CreateChannelAsync(), replies, replyTo);
        load.Table.OnCompleted = (_, _) => Interlocked.Increment(ref load._completed);
        if (reads) await load.ReadAsync();
        return load;
    }

    public async Task ReadAsync()
    {
        var reader = new Reader(_replies, this);
        await _replies.BasicConsumeAsync(ReplyTo, autoAck: true, "replies", reader);
        await _replies.BasicConsumeAsync(Queues.Output, autoAck: true, "output", reader);
    }

    /// <summary>How many messages wait in a queue.</summary>
    public async Task<uint> WaitingAsync(string queue) => await (queue == ReplyTo ? _replies : _channel).MessageCountAsync(queue);

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
            // in bursts: a job by itself would cost the machine, which the worker shares, more than a job
            if (Table.Sent - first - (Table.Done - firstDone) > window * 3 / 4) await Task.Delay(1);
            else for (var free = window / 4; free > 0; free--) await SendAsync(queue, shape, body);
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

    /// <summary>Milliseconds from now until the next job to be sent is completed, or the last that was.</summary>
    public async Task<double> OnceAsync(Func<Task> begin, bool isSent = false)
    {
        var wanted = isSent ? Table.Sent - 1 : Table.Sent;
        var completed = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var usual = Table.OnCompleted;
        Table.OnCompleted = (number, took) =>
        {
            usual!(number, took);
            if (number == wanted) completed.TrySetResult(Stopwatch.GetTimestamp());
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
