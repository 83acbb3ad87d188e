namespace ReWorker.Client;

/// <summary>The options of a <see cref="JobClient"/>.</summary>
public sealed class JobClientOptions
{
    /// <summary>
    /// Follows the jobs' output and notifications. The client then receives those of all requesters, so turn this off
    /// if only results matter. Default: true.
    /// </summary>
    public bool FollowOutput { get; set; } = true;

    /// <summary>How long the broker keeps replies while the client is away. 1 min to 24 h, default 10 min.</summary>
    public TimeSpan ReplyQueueLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a job waits for a queue that does not exist yet. The first worker declares the queue. Default: 0, not
    /// at all.
    /// </summary>
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.Zero;

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    internal void Validate()
    {
        if (ReplyQueueLifetime < TimeSpan.FromMinutes(1) || ReplyQueueLifetime > TimeSpan.FromDays(1))
            throw new ArgumentException($"ReplyQueueLifetime is {ReplyQueueLifetime}; allowed: 1 min to 24 h");
    }
}
