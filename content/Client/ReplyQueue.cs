using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ReWorker.Wire.Contract;

namespace ReWorker.Client;

/// <summary>
/// One queue for replies, output and notifications: a worker publishes all of them on one channel, and into one queue the
/// broker keeps their order. Not exclusive, since that would die with the connection and what is sent until the next with
/// it; durable, since RabbitMQ 4.3 refuses others; classic, since it lives for minutes; it expires when nobody comes back.
/// </summary>
internal sealed record ReplyQueue(string Name, JobClientOptions Options, Action<BasicDeliverEventArgs> Received)
{
    public bool IsBound => Options.FollowOutput;

    public async Task DeclareAsync(IChannel channel, CancellationToken cancel)
    {
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "classic",
            ["x-expires"] = (long)Options.ReplyQueueLifetime.TotalMilliseconds,
        };
        await channel.QueueDeclareAsync(Name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel).ConfigureAwait(false);
        if (!IsBound) return;
        await channel.QueueBindAsync(Name, Names.Exchange, Names.Output, cancellationToken: cancel).ConfigureAwait(false);
        await channel.QueueBindAsync(Name, Names.Exchange, Names.Notification("#"), cancellationToken: cancel).ConfigureAwait(false);
    }
}
