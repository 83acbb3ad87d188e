namespace ReWorker.Mutants.Defects;

internal static class TopologyDefects
{
    private static readonly string[] Arguments = ["QueueArgumentsTests"];

    public static DefectTable Table { get; } = new("Runtime/Topology", ["TopologyBuilderTests"],
    [
        new("declares a classic queue for jobs", "QueueArguments.JobQueue", "\"quorum\"", "\"classic\"")
            { Tests = Arguments },
        new("lets the broker drop a job that fails often", "QueueArguments.JobQueue", "DeliveryLimit", "20")
            { Tests = Arguments },
        new("misspells the delivery limit", "QueueArguments.JobQueue",
            "\"x-delivery-limit\"", "\"x-max-delivery-limit\"") { Tests = Arguments },
        new("dead-letters to the exchange of the contract", "QueueArguments.JobQueue",
            "Names.DefaultExchange", "Names.Exchange") { Tests = Arguments },
        new("dead-letters to a queue that nobody declares", "QueueArguments.JobQueue",
            "deadQueue", "Names.DeadQueue(deadQueue)") { Tests = Arguments },
        new("dead-letters at most once", "QueueArguments.JobQueue", "\"at-least-once\"", "\"at-most-once\"")
            { Tests = Arguments },
        new("drops old jobs from a full queue", "QueueArguments.JobQueue", "\"reject-publish\"", "\"drop-head\"")
            { Tests = Arguments },
        new("declares a classic queue for parked jobs", "QueueArguments.DeadQueue", "\"quorum\"", "\"classic\"")
            { Tests = Arguments },
        new("lets the broker drop a parked job that is read often", "QueueArguments.DeadQueue", "DeliveryLimit", "20")
            { Tests = Arguments },
        new("allows a job too little time by a round", "QueueArguments.ForConsumer",
            "(runner.Prefetch / runner.Options.Concurrency) + 2", "(runner.Prefetch / runner.Options.Concurrency) + 1")
            { Tests = Arguments },
        new("allows a job the time of a single round", "QueueArguments.ForConsumer",
            "(runner.Prefetch / runner.Options.Concurrency) + 2", "1") { Tests = Arguments },
        new("allows a job no margin", "QueueArguments.ForConsumer",
            "(runner.Options.TimeLimit * rounds) + Margin", "runner.Options.TimeLimit * rounds") { Tests = Arguments },
        new("asks for a timeout beyond the broker's limit", "QueueArguments.ForConsumer",
            "Math.Min(timeout.TotalMilliseconds, MaxTimerMilliseconds)", "timeout.TotalMilliseconds")
            { Tests = Arguments },
        new("asks for the longest timeout", "QueueArguments.ForConsumer",
            "Math.Min(timeout.TotalMilliseconds, MaxTimerMilliseconds)",
            "Math.Max(timeout.TotalMilliseconds, MaxTimerMilliseconds)")
            { Tests = Arguments },
        new("asks for a timeout in seconds", "QueueArguments.ForConsumer",
            "timeout.TotalMilliseconds", "timeout.TotalSeconds") { Tests = Arguments },

        new("does not bind a queue", "TopologyBuilder.BuildAsync",
            "foreach (var key in runner.RoutingKeys) await BindAsync(connection, queue, key, cancel);", ""),
        new("binds a queue by one key only", "TopologyBuilder.BuildAsync",
            "runner.RoutingKeys", "runner.RoutingKeys.Take(1)"),
        new("declares no dead-letter queue", "TopologyBuilder.BuildAsync",
            "await EnsureQueueAsync(connection, deadQueue, isVital: false, QueueArguments.DeadQueue, cancel);", ""),
        new("can't work without a dead-letter queue", "TopologyBuilder.BuildAsync",
            "await EnsureQueueAsync(connection, deadQueue, isVital: false, QueueArguments.DeadQueue, cancel);",
            "await EnsureQueueAsync(connection, deadQueue, isVital: true, QueueArguments.DeadQueue, cancel);"),
        new("works on without its queue", "TopologyBuilder.BuildAsync",
            "await EnsureQueueAsync(connection, queue, isVital: true, QueueArguments.JobQueue(deadQueue), cancel);",
            "await EnsureQueueAsync(connection, queue, isVital: false, QueueArguments.JobQueue(deadQueue), cancel);"),
        new("declares the job queue like the dead-letter queue", "TopologyBuilder.BuildAsync",
            "QueueArguments.JobQueue(deadQueue)", "QueueArguments.DeadQueue"),
        new("declares a direct exchange", "TopologyBuilder.BuildAsync", "ExchangeType.Topic", "ExchangeType.Direct"),
        new("declares a transient exchange", "TopologyBuilder.BuildAsync",
            """
            channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancel)
            """,
            """
            channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: false, autoDelete: false, cancellationToken: cancel)
            """),
        new("declares an exchange that disappears", "TopologyBuilder.BuildAsync",
            """
            channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancel)
            """,
            """
            channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: true, autoDelete: true, cancellationToken: cancel)
            """),
        new("declares a transient queue", "TopologyBuilder.EnsureQueueAsync", "true", "false"),
        new("declares an exclusive queue", "TopologyBuilder.EnsureQueueAsync",
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel)
            """,
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: true, autoDelete: false, arguments, cancellationToken: cancel)
            """),
        new("declares a queue that disappears", "TopologyBuilder.EnsureQueueAsync",
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel)
            """,
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: true, arguments, cancellationToken: cancel)
            """),
        new("declares a queue without arguments", "TopologyBuilder.EnsureQueueAsync",
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancel)
            """,
            """
            channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, null, cancellationToken: cancel)
            """),
        new("works without a queue that is held exclusively", "TopologyBuilder.EnsureAsync",
            "missing?.ReplyCode is 405", "false"),
        new("never says that arguments differ", "TopologyBuilder.EnsureAsync",
            "missing is null && !_logged.TryAdd(name, true)", "missing is null"),
        new("declares what exists each time", "TopologyBuilder.EnsureAsync",
            "missing is null && !_logged.TryAdd(name, true)", "false"),
        new("does not declare what was deleted later", "TopologyBuilder.EnsureAsync",
            "missing is null && !_logged.TryAdd(name, true)", "!_logged.TryAdd(name, true)"),
        new("says of any refusal that arguments differ", "TopologyBuilder.EnsureAsync",
            "refusal.ReplyCode is 406", "true"),
        new("does not say that arguments differ", "TopologyBuilder.EnsureAsync",
            "LogDifferent(log, kind, name, refusal.ReplyText);", ""),
        new("fails where it may not look", "TopologyBuilder.EnsureAsync",
            "missing.ReplyCode is 404 && isVital", "isVital"),
        new("fails without anything that it lacks", "TopologyBuilder.EnsureAsync",
            "missing.ReplyCode is 404 && isVital", "missing.ReplyCode is 404"),
        new("does not log what is missing", "TopologyBuilder.EnsureAsync",
            "LogMissing(log, kind, name, refusal.ReplyText);", ""),
        new("logs what is missing each time", "TopologyBuilder.EnsureAsync",
            "if (_logged.TryAdd(name, true)) LogMissing(log, kind, name, refusal.ReplyText);",
            "LogMissing(log, kind, name, refusal.ReplyText);"),
        new("logs each time that a binding is refused", "TopologyBuilder.BindAsync",
            "refusal is not null && _logged.TryAdd($\"{queue}<{key}\", true)", "refusal is not null"),
        new("does not log that a binding is refused", "TopologyBuilder.BindAsync",
            "LogUnbound(log, queue, key, refusal.ReplyText);", ""),
        new("binds by the queue's name instead of the key", "TopologyBuilder.BindAsync",
            "channel.QueueBindAsync(queue, Names.Exchange, key, cancellationToken: cancel)",
            "channel.QueueBindAsync(queue, Names.Exchange, queue, cancellationToken: cancel)"),
        new("takes a lost connection for a refusal", "TopologyBuilder.TryAsync", "connection.IsOpen", "true"),
        new("takes any closed channel for a refusal", "TopologyBuilder.TryAsync",
            "e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && connection.IsOpen", "connection.IsOpen"),
        new("fails if it is refused anything", "TopologyBuilder.TryAsync",
            "e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && connection.IsOpen", "false"),
    ]);
}
