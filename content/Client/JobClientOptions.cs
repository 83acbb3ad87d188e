namespace ReWorker.Client;

/// <summary>How a <see cref="JobClient"/> works.</summary>
public sealed class JobClientOptions
{
    /// <summary>
    /// Follows output and notifications. The exchange carries those of all jobs of all requesters, so switch it off where
    /// only the ends matter. Default: true.
    /// </summary>
    public bool FollowOutput { get; set; } = true;

    /// <summary>How long the broker keeps replies for a client that is gone; a connection lost for longer loses some. 1 min to 24 h, default 10 min.</summary>
    public TimeSpan ReplyQueueLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a job waits for its queue where there is none yet: the queue comes with its first worker, which may still be
    /// starting. Default: 0, it fails at once.
    /// </summary>
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.Zero;
}
