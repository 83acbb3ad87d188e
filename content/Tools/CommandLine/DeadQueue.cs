using System.Runtime.CompilerServices;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;

namespace ReWorker.Tools.CommandLine;

/// <summary>
/// The parked jobs of a worker. AMQP knows no looking without taking: what is read is held unacknowledged, and goes back to
/// its place when the channel closes, also when this process is killed. (A nack would put it at the end, on RabbitMQ 4.0.)
/// </summary>
/// <remarks>
/// A quorum queue counts each such read, and drops a message past its delivery limit: 20 unless somebody said otherwise.
/// So what has been read twice is put in anew, confirmed, before the old copy is acknowledged; and all behind it, which
/// keeps the order.
/// </remarks>
internal sealed class DeadQueue(IConnection connection, IChannel channel, string worker, string name, uint count, TimeProvider time) : IAsyncDisposable
{
    private const int MostReads = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HashSet<ulong> _settled = [];

    public string Name => name;

    public uint Count => count;

    public static async Task<DeadQueue> OpenAsync(ConnectionSource source, string queue, TimeProvider time, CancellationToken cancel)
    {
        var (worker, name) = (Names.Queue(queue), Names.DeadQueue(Names.Queue(queue)));
        var connection = await ConnectAsync(source, cancel).ConfigureAwait(false);
        try
        {
            var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancel).ConfigureAwait(false);
            var found = await channel.QueueDeclarePassiveAsync(name, cancel).ConfigureAwait(false);
            return new DeadQueue(connection, channel, worker, name, found.MessageCount, time);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode is 404)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new UsageException($"there is no queue {name}: has a worker ever run with this queue, or has it another name? --queue NAME names it");
        }
    }

    /// <summary>All of them, oldest first. What the caller settles is gone, the rest stays.</summary>
    public async IAsyncEnumerable<DeadJob> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var renews = false;
        // what comes in meanwhile, a replayed job that fails again, say, is for the next time
        for (var number = 1; number <= count; number++)
        {
            cancel.ThrowIfCancellationRequested();
            if (await GetAsync().ConfigureAwait(false) is not { } message) yield break;
            var job = new DeadJob(number, message);
            yield return job;

            renews |= job.Reads >= MostReads;
            if (renews && !_settled.Contains(job.Tag)) await MoveAsync(job, name, job.ToRenew()).ConfigureAwait(false);
        }
    }

    /// <summary>Into the worker's queue, confirmed, and only then out of this one: killed in between, it is in both.</summary>
    public async Task ReplayAsync(DeadJob job)
    {
        try
        {
            await MoveAsync(job, worker, job.ToReplay()).ConfigureAwait(false);
        }
        catch (PublishException e)
        {
            throw new UsageException(e.IsReturn
                ? $"there is no queue {worker} to replay to: has a worker ever run with this queue?"
                : $"the queue {worker} refuses jobs: it is full");
        }
    }

    public Task DropAsync(DeadJob job)
    {
        _settled.Add(job.Tag);
        return channel.BasicAckAsync(job.Tag, multiple: false).AsTask();
    }

    /// <summary>Asks the broker something: what it answers comes after all that was settled.</summary>
    public Task FlushAsync() => Deadline.RunAsync(
        token => channel.QueueDeclarePassiveAsync(name, token), Limit, $"settling what was taken from {name}", time, CancellationToken.None);

    /// <summary>A close that is answered: by then the broker has taken the acknowledgements.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Deadline.RunAsync(token => channel.CloseAsync(token), Limit, "closing", time, CancellationToken.None).ConfigureAwait(false);
            await Deadline.RunAsync(token => connection.CloseAsync(token), Limit, "closing", time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or TimeoutException)
        {
            // lost before: what was not acknowledged is back in the queue
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Not to be cancelled half-way: that would leave the channel in doubt, and the acknowledgements before it.</summary>
    private Task<BasicGetResult?> GetAsync() => Deadline.RunAsync(
        token => channel.BasicGetAsync(name, autoAck: false, token), Limit, $"reading {name}", time, CancellationToken.None);

    private static async Task<IConnection> ConnectAsync(ConnectionSource source, CancellationToken cancel)
    {
        try
        {
            return await source.OpenAsync("dead", cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or TimeoutException or IOException)
        {
            throw new NoBrokerException(source.Address, e);
        }
    }

    private async Task MoveAsync(DeadJob job, string to, BasicProperties properties)
    {
        try
        {
            await Deadline.RunAsync(
                token => channel.BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask(),
                Limit, $"publishing to {to}", time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; is the broker in alarm? Job {job.Id} may be in {to} all the same: look there before you try again", e);
        }
        await DropAsync(job).ConfigureAwait(false);
    }
}
