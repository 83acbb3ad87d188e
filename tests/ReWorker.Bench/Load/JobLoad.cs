using System.Diagnostics;
using RabbitMQ.Client;

namespace ReWorker.Bench.Load;

/// <summary>The result of a phase with many jobs.</summary>
/// <param name="Jobs">All jobs sent and completed.</param>
/// <param name="PerSecond">Jobs completed per second while the load was full.</param>
internal readonly record struct Throughput(int Jobs, double PerSecond);

/// <summary>A requester that sends jobs to a worker's queue, and reads and checks every reply and every line.</summary>
internal sealed class JobLoad : IAsyncDisposable
{
    /// <summary>The number of uncompleted jobs, which keeps the queue neither empty nor long.</summary>
    public const int Window = 512;

    private static readonly TimeSpan Ramp = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

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

    /// <param name="replyTo">The name of the exclusive queue for the replies.</param>
    /// <param name="reads">If false, nothing is read until <see cref="ReadAsync"/>.</param>
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

    /// <summary>The number of messages in a queue.</summary>
    public Task<uint> WaitingAsync(string queue) => (queue == ReplyTo ? _replies : _channel).MessageCountAsync(queue);

    public async Task SendAsync(string queue, JobShape shape, byte[] body)
    {
        var id = Table.Add(shape.Lines, Stopwatch.GetTimestamp());
        var properties = new BasicProperties { CorrelationId = id, ReplyTo = ReplyTo };
        await _channel.BasicPublishAsync("", queue, mandatory: false, properties, body);
    }

    /// <summary>Keeps the queue filled for the given time, then waits until every job is done.</summary>
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
            // in bursts, because waking up for each job would take processor time from the worker
            if (Table.Sent - first - (Table.Done - firstDone) > window * 3 / 4) await Task.Delay(1);
            else for (var free = window / 4; free > 0; free--) await SendAsync(queue, shape, body);
        }
        var perSecond = (Completed - fullFrom) / (clock.Elapsed - fullAt).TotalSeconds;
        await DrainAsync();
        return new Throughput(Completed - before, perSecond);
    }

    /// <summary>Sends each job when the one before has completed. Returns their latencies in milliseconds.</summary>
    public async Task<List<double>> OneByOneAsync(string queue, JobShape shape, int count)
    {
        var body = shape.Body();
        var latencies = new List<double>();
        for (var job = 0; job < count; job++) latencies.Add(await OnceAsync(() => SendAsync(queue, shape, body)));
        return latencies;
    }

    /// <summary>Returns the milliseconds until the next job that is sent completes.</summary>
    /// <param name="start">What to do once the clock runs.</param>
    /// <param name="isSent">True if the job was sent already.</param>
    public async Task<double> OnceAsync(Func<Task> start, bool isSent = false)
    {
        var expected = isSent ? Table.Sent - 1 : Table.Sent;
        var completed = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var onCompleted = Table.OnCompleted;
        Table.OnCompleted = (number, took) =>
        {
            onCompleted!(number, took);
            if (number == expected) completed.TrySetResult(Stopwatch.GetTimestamp());
        };
        var startedAt = Stopwatch.GetTimestamp();
        await start();
        var completedAt = await completed.Task.WaitAsync(MaxWait);
        Table.OnCompleted = onCompleted;
        return Stopwatch.GetElapsedTime(startedAt, completedAt).TotalMilliseconds;
    }

    /// <summary>Waits until every job is done.</summary>
    /// <exception cref="TimeoutException">No job was done for a minute.</exception>
    public async Task DrainAsync()
    {
        var (last, since) = (-1, Stopwatch.GetTimestamp());
        while (Table.Done < Table.Sent)
        {
            if (Table.Done != last) (last, since) = (Table.Done, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(since) > MaxWait)
            {
                throw new TimeoutException(
                    $"{Table.Sent - last} of {Table.Sent} jobs are unfinished, and none has finished for "
                    + $"{MaxWait.TotalSeconds} s");
            }
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
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
        {
            var (id, now) = (properties.CorrelationId, Stopwatch.GetTimestamp());
            if (consumerTag == "replies") load.Table.Reply(id, body.Span, now);
            else load.Table.Line(id, body.Span);
            return Task.CompletedTask;
        }
    }
}
