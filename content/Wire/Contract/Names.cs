namespace ReWorker.Wire.Contract;

/// <summary>The names on the broker that worker and requester share.</summary>
internal static class Names
{
    /// <summary>The topic exchange for output, notifications and jobs.</summary>
    public const string Exchange = "re";

    /// <summary>The exchange that routes to the queue named by the routing key.</summary>
    public const string DefaultExchange = "";

    /// <summary>The routing key of user output.</summary>
    public const string Output = "output";

    public const string JsonContent = "application/json";

    /// <summary>AMQP's limit for routing keys, correlation ids and queue names.</summary>
    public const int ShortStringBytes = 255;

    private const string QueuePrefix = "worker.";
    private const string NotificationPrefix = "notify.";

    /// <summary>The longest channel name whose routing key is within AMQP's limit.</summary>
    public static readonly int ChannelBytes = ShortStringBytes - NotificationPrefix.Length;

    public static string Queue(string name) => QueuePrefix + name;

    public static bool IsWorkerQueue(string queue) => queue.StartsWith(QueuePrefix, StringComparison.Ordinal);

    /// <summary>The dead-letter queue of a worker's queue.</summary>
    public static string DeadQueue(string queue) => $"{queue}.dead";

    /// <summary>The routing key of notifications for a channel.</summary>
    public static string Notification(string channel) => NotificationPrefix + channel;

    /// <summary>The channel that a routing key names; null if it is not that of a notification.</summary>
    public static string? Channel(string routingKey) =>
        routingKey.StartsWith(NotificationPrefix, StringComparison.Ordinal)
            ? routingKey[NotificationPrefix.Length..]
            : null;
}
