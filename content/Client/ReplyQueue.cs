namespace ReWorker.Client;

/// <summary>The queue for replies, output and notifications: in one queue, they keep their order.</summary>
/// <remarks>
/// The queue is not exclusive, because it must survive a lost connection with everything sent in between. It is durable
/// because RabbitMQ 4.3 accepts no transient queues, and classic because it lives for minutes only.
/// </remarks>
internal sealed record ReplyQueue(string Name, JobClientOptions Options, Action<BasicDeliverEventArgs> Receive)
{
    public async Task DeclareAsync(IChannel channel, CancellationToken cancel)
    {
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "classic",
            ["x-expires"] = (long)Options.ReplyQueueLifetime.TotalMilliseconds,
        };
        await channel.QueueDeclareAsync(
            Name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel);
        if (!Options.FollowOutput) return;
        foreach (var key in new[] { Names.Output, Names.Notification("#") })
            await channel.QueueBindAsync(Name, Names.Exchange, key, cancellationToken: cancel);
    }
}
