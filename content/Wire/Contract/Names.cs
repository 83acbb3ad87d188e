namespace ReWorker.Wire.Contract;

/// <summary>The names on the broker that worker and requester share.</summary>
internal static class Names
{
    public const string Exchange = "re";        // the topic exchange for output, notifications and jobs
    public const string DefaultExchange = "";   // routes to the queue that the routing key names
    public const string Output = "output";      // the routing key of output
    public const string JsonContent = "application/json";
    public const int ShortStringBytes = 255;    // AMQP's limit for routing keys, correlation ids and queue names
    public const int MaxBodyBytes = 16 * 1024 * 1024; // RabbitMQ's default: a larger message closes the channel

    private const string QueuePrefix = "worker.";
    private const string NotificationPrefix = "notify.";

    /// <summary>The longest channel name whose routing key is within AMQP's limit.</summary>
    public static readonly int ChannelBytes = ShortStringBytes - NotificationPrefix.Length;

    public static string Queue(string name) => QueuePrefix + name;
    public static string DeadQueue(string queue) => $"{queue}.dead";
    public static string Notification(string channel) => NotificationPrefix + channel;
    public static bool IsWorkerQueue(string queue) => queue.StartsWith(QueuePrefix, StringComparison.Ordinal);

    /// <summary>The channel that a routing key names; null if it is not that of a notification.</summary>
    public static string? Channel(string routingKey) =>
        routingKey.StartsWith(NotificationPrefix, StringComparison.Ordinal)
            ? routingKey[NotificationPrefix.Length..]
            : null;
}
