namespace ReWorker.Faults;

/// <summary>What keeps faults from doing harm, remedy by remedy, and how to take each out of the runtime's source.</summary>
internal static class Mutants
{
    public static readonly Mutant Reconnect = new("connects again", "Supervision/Supervisor.cs",
        "if (!_stop.IsCancellationRequested) await LostAsync(loss, isOpen).ConfigureAwait(false);",
        "await LostAsync(loss, isOpen).ConfigureAwait(false); return;");

    public static readonly Mutant Adoption = new("knows a job that is in hand", "Running/Ledger.cs",
        "var known = delivery.Info.Redelivered ? Match(delivery.Key) : null;",
        "JobInHand? known = null;");

    public static readonly Mutant Memory = new("remembers what ended until it must have come again", "Health/FlowProbe.cs",
        "Math.Max(40, 4 * heartbeat / Pause)",
        "5");

    public static readonly Mutant Interrupted = new("goes by more than the broker's count", "Running/JobRun.cs",
        "(hand.Attempt > 1 || hand.WasInterrupted)",
        "hand.Attempt > 1");

    public static readonly Mutant StaleDeliveries = new("skips deliveries of a dead epoch", "Consuming/Consumer.cs",
        "public bool IsAlive => !_epoch.Ended.IsCancellationRequested;",
        "public bool IsAlive => true;");

    public static readonly Mutant LateAck = new("acknowledges after the end", "Running/Ledger.cs",
        "delivery.Job = Add(new JobInHand(delivery));",
        "delivery.Job = Add(new JobInHand(delivery) { Settlement = Settlement.Ack }); delivery.Settle(Settlement.Ack);");

    public static readonly Mutant Resend = new("sends again what was not confirmed", "Publishing/Publisher.cs",
        "foreach (var message in inDoubt.Concat(rest))",
        "foreach (var message in rest)");

    public static readonly Mutant Mandatory = new("asks for what can't be routed", "Publishing/PublishSession.cs",
        "mandatory: true",
        "mandatory: false");

    public static readonly Mutant AlarmWait = new("waits while the broker is in alarm", "Publishing/PublishSession.cs",
        "if (_epoch.Alarm.IsRaised || Oldest() is not { } oldest) continue;",
        "if (Oldest() is not { } oldest) continue;");

    public static readonly Mutant ConsumerCancel = new("hears that the broker cancelled its consumer", "Consuming/Consumer.cs",
        """_epoch.End(new Loss(LossReason.ConsumerCancelled, $"the broker cancelled the consumer of {_runner.Queue}"));""",
        "");

    public static readonly Mutant ConsumerTimeout = new("asks for a consumer timeout of its own", "Topology/ConsumerStart.cs",
        "_takesNoTimeout.ContainsKey(runner.Queue) ? null : QueueArguments.OfConsumer(runner)",
        "null");

    public static readonly Mutant FlowProbe = new("asks the broker whether jobs flow", "Supervision/Supervisor.cs",
        "_ = probe.RunAsync(epoch);",
        "_ = probe;");

    public static readonly Mutant Unserved = new("asks for its place anew if it is never served", "Health/FlowProbe.cs",
        "PatienceUnserved = 30;",
        "PatienceUnserved = int.MaxValue;");

    /// <summary>No remedy is taken out, a fault is put in: the broker keeps a job that the worker thinks is done with.</summary>
    public static readonly Mutant LosesAnAck = new("writes the fifth ack", "Consuming/Settler.cs",
        "if (last > 0) await channel.BasicAckAsync(last, multiple: true, epoch.Ended).ConfigureAwait(false);",
        "if (last is > 0 and not 5) await channel.BasicAckAsync(last, multiple: true, epoch.Ended).ConfigureAwait(false);");

    public static readonly Mutant Tolerance = new("takes the queue that is there", "Topology/TopologyBuilder.cs",
        "if (refused.ReplyCode is 406) LogOther(log, kind, name, refused.ReplyText);",
        "_said.TryRemove(name, out _); throw new TopologyException(refused.ReplyText);");

    public static readonly Mutant ReplyRules = new("sends no reply to a worker's queue", "Protocol/SendRules.cs",
        """ || replyTo.StartsWith("worker.", StringComparison.Ordinal)""",
        "");

    public static readonly Mutant OneTerminalReply = new("refuses a second terminal reply", "Protocol/SendRules.cs",
        "if (exchange is Names.DefaultExchange && topic == replyTo && HasStatus(body))",
        "if (false)");

    public static readonly Mutant StrictReader = new("reads strictly", "Protocol/JobReader.cs",
        "AllowDuplicateProperties = false",
        "AllowDuplicateProperties = true");

    public static readonly Mutant OwnCount = new("counts attempts where the queue does not", "Running/JobRun.cs",
        "if (parts.Worker.Answers && hand.WasInterrupted && !DeliveryCount.IsCounted(delivery.Properties)) return new Outcome(OutcomeKind.Recounted);",
        "");

    public static readonly Mutant PoolWatch = new("lends threads to a pool that stands still", "Supervision/PoolWatch.cs",
        "_thread.Start();",
        "_thread = null;");

    public static readonly Mutant Liveness = new("asks for a restart when its supervisor is silent", "Health/HealthState.cs",
        "time.GetElapsedTime(Volatile.Read(ref _tick)) < _silence",
        "true");

    public static readonly Mutant SignOfLife = new("shows that it lives while it waits", "Supervision/Supervisor.cs",
        "left -= Tick)\n        {\n            health.Tick();",
        "left -= Tick)\n        {");

    public static readonly Mutant RepliesAreNotAwaitedForEver = new("ends without a broker to take its replies", "Running/Runner.cs",
        "await WaitAsync(() => Volatile.Read(ref _open) == 0, TimeSpan.FromSeconds(3), hurry)",
        "await WaitAsync(() => Volatile.Read(ref _open) == 0, TimeSpan.FromHours(1), hurry)");

    public static readonly Mutant SecondSignal = new("ends at the second signal", "CommandLine/SecondSignal.cs",
        "if (Interlocked.Increment(ref _signals) > 1) Environment.Exit(ExitCodes.Interrupted);",
        "Interlocked.Increment(ref _signals);");

    public static readonly Mutant EveryAddress = new("tries every address of a name", "Broker/ConnectionSource.cs",
        "CreateConnectionAsync(addresses.Select(one => one.ToString()), name, cancel)",
        "CreateConnectionAsync(name, cancel)");

    public static readonly Mutant FreshTopology = new("looks after queues and bindings while connected", "Health/FlowProbe.cs",
        "await topology.BuildAsync(epoch.ConsumeConnection, consumer.Runner, token)",
        "await Task.CompletedTask");

    public static readonly Mutant LineKept = new("keeps a line that can't be written", "OutputLog/OutputWorker.cs",
        "while (!TryAppend(job.CorrelationId, text))",
        "if (!TryAppend(job.CorrelationId, text))");

    public static readonly Mutant Refused = new("sends again what a full queue refused", "Publishing/PublishSession.cs",
        "if (refused) message.Owner.Refused(message);\n            else _settled(message);",
        "_settled(message);");

    public static readonly Mutant ShortReply = new("sends a short reply where the broker takes no long one", "Running/JobEnding.cs",
        "if (reply?.Error is { } refusal)",
        "if (reply?.Error is { } refusal && hand.Attempt < 1)");

    public static readonly Mutant FreshSecrets = new("reads its settings anew at each try", "Broker/ConnectionSource.cs",
        "(configuration as IConfigurationRoot)?.Reload();",
        ";");

    public static readonly Mutant PrintableLogs = new("escapes what strangers sent", "Telemetry/Printable.cs",
        "private static bool IsUnsafe(char one) =>",
        "private static bool IsUnsafe(char one) => false && ");

    public static IReadOnlyList<Mutant> All { get; } =
        [.. typeof(Mutants).GetFields(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Static).Select(field => (Mutant)field.GetValue(null)!)];
}
