namespace ReWorker.Wire.Contract;

/// <summary>The names that worker and requester share on the broker.</summary>
internal static class Names
{
    /// <summary>The topic exchange that carries output, notifications and jobs addressed by queue name.</summary>
    public const string Exchange = "re";

    /// <summary>The exchange that delivers straight to the queue named by the routing key.</summary>
    public const string DefaultExchange = "";

    /// <summary>Routing key of user output.</summary>
    public const string Output = "output";

    public const string JsonContent = "application/json";

    /// <summary>AMQP's limit for a short string: routing keys, correlation ids, queue names.</summary>
    public const int ShortStringBytes = 255;

    /// <summary>The longest channel whose routing key is a short string still.</summary>
    public const int ChannelBytes = ShortStringBytes - 7;

    public static string Queue(string name) => $"worker.{name}";

    /// <summary>Where the jobs that nobody can finish wait for a person.</summary>
    public static string DeadQueue(string queue) => $"{queue}.dead";

    public static string Notification(string channel) => $"notify.{channel}";

    public static string ForPhase(Phase phase) => phase switch
    {
        Phase.Started => "started",
        Phase.Completed => "completed",
        _ => "failed",
    };
}
