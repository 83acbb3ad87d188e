namespace ReWorker.Mutants;

/// <summary>What keeps faults from doing harm: for each remedy the mutant that removes it from the runtime.</summary>
internal static class Remedies
{
    public static readonly Mutant Reconnect = new(
        "reconnects after a loss", "Supervisor.LoopAsync",
        "if (!_stop.IsCancellationRequested) await LostAsync(loss, isOpen).ConfigureAwait(false);",
        "await LostAsync(loss, isOpen).ConfigureAwait(false); return;");

    public static readonly Mutant Adoption = new(
        "recognizes a redelivered job that it still runs", "Ledger.Take",
        "delivery.Info.Redelivered ? Match(delivery.Key) : null",
        "null");

    public static readonly Mutant Memory = new(
        "remembers finished jobs for as long as they can be redelivered", "FlowProbe.SweepsFor",
        "Math.Max(40, 4 * heartbeat / Pause)",
        "5");

    public static readonly Mutant Interrupted = new(
        "relies on more than the broker's count", "JobRun.Screen",
        "hand.Attempt > 1 || hand.WasInterrupted",
        "hand.Attempt > 1");

    public static readonly Mutant StaleDeliveries = new(
        "skips deliveries of a lost connection", "Consumer.IsAlive",
        "!_epoch.Ended.IsCancellationRequested",
        "true");

    public static readonly Mutant LateAck = new(
        "acknowledges a job only at its end", "Ledger.Take",
        "delivery.Job = Add(new JobInHand(delivery));",
        """
        delivery.Job = Add(new JobInHand(delivery) { Settlement = Settlement.Ack });
        delivery.Settle(Settlement.Ack);
        """);

    public static readonly Mutant Resend = new(
        "resends unconfirmed messages", "Publisher.Reclaim",
        "inDoubt.Concat(rest)",
        "rest");

    public static readonly Mutant Mandatory = new(
        "publishes with the mandatory flag", "PublishSession.WriteAsync",
        "true",
        "false");

    public static readonly Mutant AlarmWait = new(
        "suspends the confirm timeout during an alarm", "PublishSession.WatchAsync",
        "_epoch.Alarm.IsRaised",
        "false");

    public static readonly Mutant ConsumerCancel = new(
        "reacts when the broker cancels its consumer", "Consumer.HandleBasicCancelAsync",
        """
        _epoch.End(new Loss(
            LossReason.ConsumerCancelled, $"the broker cancelled the consumer of {_runner.Queue}"));
        """,
        "");

    public static readonly Mutant ConsumerTimeout = new(
        "asks for a consumer timeout of its own", "ConsumerStart.StartAsync",
        "_takesNoTimeout.ContainsKey(runner.Queue) ? null : QueueArguments.OfConsumer(runner)",
        "null");

    public static readonly Mutant FlowProbe = new(
        "asks the broker whether waiting jobs are delivered", "Supervisor.HoldAsync",
        "_ = probe.RunAsync(epoch);",
        "");

    public static readonly Mutant Unserved = new(
        "consumes anew if it never gets a job", "FlowProbe.LookAsync",
        "PatienceUnserved",
        "int.MaxValue");

    /// <summary>Adds a fault instead: the broker waits for an acknowledgement that the worker believes sent.</summary>
    public static readonly Mutant LosesAnAck = new(
        "writes the fifth acknowledgement", "Settler.WriteAcksAsync",
        "last > 0",
        "last is > 0 and not 5");

    public static readonly Mutant Tolerance = new(
        "uses a queue that has other arguments", "TopologyBuilder.EnsureAsync",
        "LogOther(log, kind, name, refused.ReplyText);",
        "_said.TryRemove(name, out _); throw new TopologyException(refused.ReplyText);");

    public static readonly Mutant ReplyRules = new(
        "sends no reply to a worker's queue", "SendRules.ReplyTo",
        """replyTo.StartsWith("worker.", StringComparison.Ordinal)""",
        "false");

    public static readonly Mutant OneTerminalReply = new(
        "rejects a second terminal reply", "SendRules.Check",
        "HasStatus(body)",
        "false");

    public static readonly Mutant StrictReader = new(
        "rejects a duplicate key", "JobReader.Strict",
        "false",
        "true");

    public static readonly Mutant OwnCount = new(
        "counts attempts where the queue does not", "JobRun.Screen",
        "!DeliveryCount.IsCounted(delivery.Properties)",
        "false");

    public static readonly Mutant PoolWatch = new(
        "adds threads to a blocked thread pool", "PoolWatch.StartAsync",
        "_thread.Start();",
        "_thread = null;");

    public static readonly Mutant Liveness = new(
        "fails liveness if its supervisor hangs", "HealthState.IsLive",
        "time.GetElapsedTime(Volatile.Read(ref _tick)) < _silence",
        "true");

    public static readonly Mutant SignOfLife = new(
        "passes liveness during a long backoff", "Supervisor.LostAsync",
        "health.Tick();",
        "");

    public static readonly Mutant RepliesAreNotAwaitedForEver = new(
        "stops without a broker to confirm its replies", "Runner.DrainAsync",
        "WaitAsync(() => Volatile.Read(ref _open) == 0, TimeSpan.FromSeconds(3), hurry)",
        "WaitAsync(() => Volatile.Read(ref _open) == 0, TimeSpan.FromHours(1), hurry)");

    public static readonly Mutant SecondSignal = new(
        "exits at the second signal", "SecondSignal.Count",
        "Environment.Exit(ExitCodes.Interrupted);",
        "");

    public static readonly Mutant EveryAddress = new(
        "tries every address of a host name", "ConnectionSource.ConnectAsync",
        "factory.CreateConnectionAsync(addresses.Select(one => one.ToString()), name, cancel)",
        "factory.CreateConnectionAsync(name, cancel)");

    public static readonly Mutant FreshTopology = new(
        "redeclares queues and bindings while connected", "FlowProbe.RenewAsync",
        "topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token)",
        "Task.CompletedTask");

    public static readonly Mutant LineKept = new(
        "keeps a line that it could not write", "OutputWorker.TryAppend",
        "return false;",
        "return true;");

    public static readonly Mutant Refused = new(
        "resends what a full queue rejected", "PublishSession.Confirmed",
        "message.Owner.Refused(message);",
        "_settled(message);");

    public static readonly Mutant ShortReply = new(
        "sends a short reply if a long one is rejected", "JobEnding.EndAsync",
        "await ReplyShorterAsync(hand, outbox, reply.Body.Length, refusal).ConfigureAwait(false);",
        "");

    public static readonly Mutant FreshSecrets = new(
        "reloads its settings before each attempt", "ConnectionSource.OpenAsync",
        "(configuration as IConfigurationRoot)?.Reload();",
        "");

    public static readonly Mutant PrintableLogs = new(
        "escapes control characters in its log", "Printable.IsUnsafe",
        "char.IsControl(one)",
        "false");

    public static IReadOnlyList<Mutant> All { get; } =
        [.. typeof(Remedies).GetFields().Select(field => (Mutant)field.GetValue(null)!)];
}
