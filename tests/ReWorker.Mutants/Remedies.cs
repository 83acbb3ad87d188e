namespace ReWorker.Mutants;

/// <summary>What keeps faults from doing harm: for each remedy the mutant that removes it from the runtime.</summary>
internal static class Remedies
{
    public static readonly Mutant Reconnect = new(
        "reconnects after a loss", "Supervisor.LoopAsync",
        "await closing;",
        "await closing; return;");

    public static readonly Mutant Adoption = new(
        "recognizes a redelivered job that it still runs", "Ledger.Register",
        "BestFit(equal)",
        "null");

    public static readonly Mutant Memory = new(
        "remembers finished jobs for as long as they can be redelivered", "ConsumptionProbe.MaxStaleSweeps",
        "Math.Max(40, 4 * heartbeat / Interval)",
        "5");

    public static readonly Mutant Redelivered = new(
        "relies on more than the broker's count", "JobCheck.Run",
        "inFlight.Attempt > 1 || inFlight.WasRedelivered",
        "inFlight.Attempt > 1");

    public static readonly Mutant StaleDeliveries = new(
        "skips deliveries of a lost connection", "Consumer.IsAlive",
        "!epoch.Ended.IsCancellationRequested",
        "true");

    public static readonly Mutant LateAck = new(
        "acknowledges a job only at its end", "InFlightJob.TryStart",
        "return State is JobState.Running;",
        """
        if (State is not JobState.Running) return false;
        Settle(Settlement.Ack);
        return true;
        """);

    public static readonly Mutant Resend = new(
        "resends unconfirmed messages", "Publisher.TakeBackUnconfirmed",
        "unconfirmed.Concat(notYetResent)",
        "notYetResent");

    public static readonly Mutant Mandatory = new(
        "publishes with the mandatory flag", "PublishSession.WriteAsync",
        "true",
        "false");

    public static readonly Mutant AlarmWait = new(
        "suspends the confirm timeout during an alarm", "PublishSession.WatchConfirmsAsync",
        "epoch.Alarm.IsRaised",
        "false");

    public static readonly Mutant ConsumerCancel = new(
        "reacts when the broker cancels its consumer", "Consumer.HandleBasicCancelAsync",
        """
        epoch.End(new Loss(LossReason.ConsumerCancelled, $"the broker cancelled the consumer of {runner.Queue}"));
        """,
        "");

    public static readonly Mutant ConsumerTimeout = new(
        "asks for a consumer timeout of its own", "ConsumerFactory.StartAsync",
        "_withoutTimeout.ContainsKey(runner.Queue)",
        "true");

    public static readonly Mutant ConsumptionProbe = new(
        "asks the broker whether waiting jobs are delivered", "Supervisor.WaitForLossAsync",
        "_ = probe.RunAsync(consumers);",
        "");

    public static readonly Mutant Unserved = new(
        "consumes anew if it never gets a job", "ConsumptionProbe.ProbeAsync",
        "UnservedProbesBeforeReconnect",
        "int.MaxValue");

    /// <summary>Adds a fault instead: the broker waits for an acknowledgement that the worker believes sent.</summary>
    public static readonly Mutant LosesAnAck = new(
        "writes the fifth acknowledgement", "AckWriter.WriteAcksAsync",
        "last > 0",
        "last is > 0 and not 5");

    public static readonly Mutant Tolerance = new(
        "uses a queue that has other arguments", "TopologyBuilder.EnsureAsync",
        "LogDifferent(log, kind, name, refusal.ReplyText);",
        "_logged.TryRemove(name, out _); throw new InvalidOperationException(refusal.ReplyText);");

    public static readonly Mutant ReplyRules = new(
        "sends no reply to a worker's queue", "SendRules.ReplyTo",
        "Names.IsWorkerQueue(replyTo)",
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
        "counts attempts where the queue does not", "JobCheck.Run",
        "!DeliveryCount.IsCountedByBroker(delivery.Properties)",
        "false");

    public static readonly Mutant ThreadPoolGuard = new(
        "adds threads to a blocked thread pool", "ThreadPoolGuard.StartAsync",
        "_thread.Start();",
        "_thread = null;");

    public static readonly Mutant Liveness = new(
        "fails liveness if its supervisor hangs", "HealthState.IsLive",
        "time.GetElapsedTime(Volatile.Read(ref _tick)) < _maxSilence",
        "true");

    public static readonly Mutant SignOfLife = new(
        "passes liveness during a long backoff", "Supervisor.PauseAsync",
        "health.Tick();",
        "");

    public static readonly Mutant RepliesAreNotAwaitedForEver = new(
        "stops without a broker to confirm its replies", "Runner.DrainAsync",
        "WaitUntilAsync(() => Volatile.Read(ref _unsettled) == 0, StopTimeout, hurry)",
        "WaitUntilAsync(() => Volatile.Read(ref _unsettled) == 0, TimeSpan.FromHours(1), hurry)");

    public static readonly Mutant SecondSignal = new(
        "exits at the second signal", "SecondSignal.OnSignal",
        "Environment.Exit(ExitCodes.Interrupted);",
        "");

    public static readonly Mutant EveryAddress = new(
        "tries every address of a host name", "ConnectionSource.ConnectAsync",
        "factory.CreateConnectionAsync(hosts, name, cancel)",
        "factory.CreateConnectionAsync(name, cancel)");

    public static readonly Mutant FreshTopology = new(
        "redeclares queues and bindings while connected", "ConsumptionProbe.DeclareAgainAsync",
        "topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token)",
        "Task.CompletedTask");

    public static readonly Mutant LineKept = new(
        "keeps a line that it could not write", "OutputWorker.TryAppend",
        "return false;",
        "return true;");

    public static readonly Mutant Nacked = new(
        "resends what a full queue rejected", "PublishSession.HandleConfirm",
        "message.Owner.HandleNacked(message);",
        "settled(message);");

    public static readonly Mutant ShortReply = new(
        "sends a short reply if a long one is rejected", "JobEnding.EndAsync",
        "await ReplyTooLargeAsync(job, reply);",
        "");

    public static readonly Mutant FreshSecrets = new(
        "reloads its settings before each attempt", "ConnectionSource.ReadSettings",
        "(configuration as IConfigurationRoot)?.Reload();",
        "");

    public static readonly Mutant PrintableLogs = new(
        "escapes control characters in its log", "Printable.IsUnsafe",
        "char.IsControl(character)",
        "false");

    public static IReadOnlyList<Mutant> All { get; } =
        [.. typeof(Remedies).GetFields().Select(field => (Mutant)field.GetValue(null)!)];
}
