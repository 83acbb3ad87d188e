using System.Runtime.CompilerServices;

namespace ReWorker.Tools.CommandLine;

/// <summary>
/// A worker's parked jobs. AMQP can't peek: jobs are read unacknowledged, and return to their places when the channel
/// closes, even if this process is killed. (A nack would move them to the end, on RabbitMQ 4.0.)
/// </summary>
/// <remarks>
/// A quorum queue counts each such read as a failed delivery, and drops a message at its delivery limit, 20 by default.
/// So a job that was read twice is published again and confirmed before the old copy is acknowledged. All jobs behind
/// it follow, which keeps the order.
/// </remarks>
internal sealed class DeadQueue(
    IConnection connection, IChannel channel, string worker, string name, uint count, TimeProvider time)
    : IAsyncDisposable
{
    private const int MaxReads = 2;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private readonly HashSet<ulong> _settled = [];

    public string Name => name;
    public uint Count => count;

    public static async Task<DeadQueue> OpenAsync(IServiceProvider services, string queue, CancellationToken cancel)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var (worker, name) = (Names.Queue(queue), Names.DeadQueue(Names.Queue(queue)));
        var connection = await ConnectAsync(services.GetRequiredService<ConnectionSource>(), cancel);
        try
        {
            var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancel);
            var declared = await channel.QueueDeclarePassiveAsync(name, cancel);
            return new DeadQueue(connection, channel, worker, name, declared.MessageCount, time);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode is 404)
        {
            await connection.DisposeAsync();
            throw new UsageException($"no queue {name}: a worker creates it when it starts; check --queue NAME");
        }
    }

    /// <summary>Reads the jobs, oldest first. Those that the caller settles are gone; the others stay.</summary>
    public async IAsyncEnumerable<DeadJob> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var mustRepark = false;
        // bounded, because jobs may arrive meanwhile, such as a replayed job that fails again
        for (var number = 1; number <= count; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var message = await RunAsync($"reading {name}", token => channel.BasicGetAsync(name, false, token));
            if (message is null) yield break;
            var job = new DeadJob(number, message);
            yield return job;

            mustRepark |= job.Reads >= MaxReads;
            if (mustRepark && !_settled.Contains(job.DeliveryTag))
                await MoveAsync(job, name, job.ToRepark());
        }
    }

    /// <summary>Moves a job to the worker's queue. If the process is killed meanwhile, both queues have it.</summary>
    public async Task ReplayAsync(DeadJob job)
    {
        try
        {
            await MoveAsync(job, worker, job.ToReplay());
        }
        catch (PublishException e)
        {
            throw new UsageException(e.IsReturn
                ? $"no queue {worker} to replay to: a worker creates it when it starts"
                : $"the queue {worker} is full and rejects jobs");
        }
    }

    public async Task DropAsync(DeadJob job)
    {
        _settled.Add(job.DeliveryTag);
        await channel.BasicAckAsync(job.DeliveryTag, multiple: false);
    }

    /// <summary>Waits until the broker has handled all acknowledgements: it answers in order.</summary>
    public Task FlushAsync() =>
        RunAsync($"acknowledging jobs of {name}", token => channel.QueueDeclarePassiveAsync(name, token));

    /// <summary>Closes with an answer from the broker, which by then has handled all acknowledgements.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await RunAsync("closing", async token =>
            {
                await channel.CloseAsync(token);
                await connection.CloseAsync(token);
            });
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or TimeoutException)
        {
            // the connection was lost earlier, and jobs that were not acknowledged are back in the queue
        }
        await connection.DisposeAsync();
    }

    /// <summary>Never cancelled: that would leave the channel, and the acknowledgements before it, in doubt.</summary>
    private Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> call) =>
        Deadline.RunAsync(call, CallTimeout, what, time, CancellationToken.None);

    private Task RunAsync(string what, Func<CancellationToken, Task> call) =>
        Deadline.RunAsync(call, CallTimeout, what, time, CancellationToken.None);

    private static async Task<IConnection> ConnectAsync(ConnectionSource source, CancellationToken cancel)
    {
        try
        {
            return await source.OpenAsync("dead", cancel);
        }
        catch (Exception e) when (
            e is BrokerUnreachableException or OperationInterruptedException or TimeoutException or IOException)
        {
            throw new NoBrokerException(source.Address, e);
        }
    }

    private async Task MoveAsync(DeadJob job, string to, BasicProperties properties)
    {
        try
        {
            await RunAsync($"publishing to {to}", token => channel
                .BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask());
        }
        catch (TimeoutException e)
        {
            var advice = $"job {job.Id} may be in {to}: look there before trying again";
            throw new TimeoutException($"{e.Message}; has the broker raised an alarm? {advice}", e);
        }
        await DropAsync(job);
    }
}
