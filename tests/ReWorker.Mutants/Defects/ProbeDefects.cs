namespace ReWorker.Mutants.Defects;

/// <summary>Defects of the consumption probe and of the thread-pool guard.</summary>
internal static class ProbeDefects
{
    private static readonly string[] Guard = ["ThreadPoolGuardTests"];

    public static DefectTable Table { get; } = new(
        "Runtime/Supervision", ["ConsumptionProbeTests", "ProbeFaultTests", "ParkedCountTests"],
    [
        new("forgets jobs after one missed heartbeat", "ConsumptionProbe.MaxStaleSweeps",
            "4 * heartbeat / Interval", "heartbeat / Interval"),
        new("probes for the first time after an interval", "ConsumptionProbe.RunAsync", "probe is 1", "false"),
        new("probes only once", "ConsumptionProbe.RunAsync",
            "probe is 1 || await timer.WaitForNextTickAsync(epoch.Ended)", "probe is 1"),
        new("does not count parked jobs", "ConsumptionProbe.RunAsync",
            "if (!await TryCountParkedAsync(epoch, consumer, token)) unreadable.Add(consumer);", ""),
        new("counts parked jobs without a time limit", "ConsumptionProbe.RunAsync",
            """
            await BoundedAsync(epoch, "counting the parked jobs", async token =>
            {
                if (!await TryCountParkedAsync(epoch, consumer, token)) unreadable.Add(consumer);
            });
            """,
            "if (!await TryCountParkedAsync(epoch, consumer, epoch.Ended)) unreadable.Add(consumer);"),
        new("declares its queues again where it publishes", "ConsumptionProbe.DeclareAgainAsync",
            "epoch.ConsumeConnection", "epoch.PublishConnection"),
        new("asks for a queue that it may not read at each probe", "ConsumptionProbe.RunAsync",
            "unreadable.Add(consumer);", "unreadable.Remove(consumer);"),
        new("counts the parked jobs of readable queues once", "ConsumptionProbe.RunAsync",
            "!await TryCountParkedAsync(epoch, consumer, token)",
            "await TryCountParkedAsync(epoch, consumer, token)"),
        new("never asks again for a queue that it could not read", "ConsumptionProbe.RunAsync",
            "unreadable.Clear();", ""),
        new("never declares its queues again", "ConsumptionProbe.RunAsync",
            "probe % ProbesPerDeclaration != 0", "true"),
        new("declares its queues at each probe", "ConsumptionProbe.RunAsync",
            "probe % ProbesPerDeclaration != 0", "false"),
        new("declares its queues at all probes but the fifteenth", "ConsumptionProbe.RunAsync",
            "probe % ProbesPerDeclaration != 0", "probe % ProbesPerDeclaration == 0"),
        new("declares the queues of its first worker again only", "ConsumptionProbe.RunAsync",
            "foreach (var consumer in consumers.All) await DeclareAgainAsync(epoch, consumer);",
            "await DeclareAgainAsync(epoch, consumers.All[0]);"),
        new("stays connected if a probe fails", "ConsumptionProbe.RunAsync",
            "epoch.End(new Loss(LossReason.Channel, e.Message));", ""),

        new("takes a consumer that is gone for an idle one", "ConsumptionProbe.ProbeAsync",
            "queue.ConsumerCount == 0", "false"),
        new("shows an absent leader's queue as empty", "ConsumptionProbe.ProbeAsync",
            "!isGone || queue.MessageCount > 0", "true"),
        new("hides the length of a queue that nobody consumes", "ConsumptionProbe.ProbeAsync",
            "!isGone || queue.MessageCount > 0", "!isGone"),
        new("never measures a queue", "ConsumptionProbe.ProbeAsync",
            "if (!isGone || queue.MessageCount > 0) instruments.SetQueueLength(runner.Queue, queue.MessageCount);", ""),
        new("reconnects while it stops", "ConsumptionProbe.ProbeAsync", "if (consumers.IsStopping) return;", ""),
        new("remembers lost jobs for ever", "ConsumptionProbe.ProbeAsync",
            "runner.Ledger.RemoveStale(MaxStaleSweeps(options.Value.Heartbeat));", ""),
        new("takes an empty queue for a stuck one", "ConsumptionProbe.ProbeAsync",
            "queue.MessageCount > 0 && consumer.Unsettled < runner.Prefetch && runner.HasFreeSlot",
            "consumer.Unsettled < runner.Prefetch && runner.HasFreeSlot"),
        new("takes a full prefetch for a stuck queue", "ConsumptionProbe.ProbeAsync",
            "queue.MessageCount > 0 && consumer.Unsettled < runner.Prefetch && runner.HasFreeSlot",
            "queue.MessageCount > 0 && runner.HasFreeSlot"),
        new("takes a prefetch that is just full for a stuck queue", "ConsumptionProbe.ProbeAsync",
            "consumer.Unsettled < runner.Prefetch", "consumer.Unsettled <= runner.Prefetch"),
        new("takes busy slots for a stuck queue", "ConsumptionProbe.ProbeAsync",
            "queue.MessageCount > 0 && consumer.Unsettled < runner.Prefetch && runner.HasFreeSlot",
            "queue.MessageCount > 0 && consumer.Unsettled < runner.Prefetch"),
        new("takes a consumer that is served for an idle one", "ConsumptionProbe.ProbeAsync",
            "consumer.Received == before.Received", "true"),
        new("overlooks a consumer that is gone", "ConsumptionProbe.ProbeAsync", "isGone || isIdle", "isIdle"),
        new("overlooks an idle consumer", "ConsumptionProbe.ProbeAsync", "isGone || isIdle", "isGone"),
        new("counts only the last idle probe", "ConsumptionProbe.ProbeAsync", "before.Probes + 1", "1"),
        new("counts an idle probe twice", "ConsumptionProbe.ProbeAsync", "before.Probes + 1", "before.Probes + 2"),
        new("remembers no idle probe", "ConsumptionProbe.ProbeAsync",
            "idle[consumer] = new Idleness(consumer.Received, probes);", ""),
        new("waits two minutes for a consumer that is gone", "ConsumptionProbe.ProbeAsync",
            "isGone || consumer.Received > 0", "consumer.Received > 0"),
        new("reconnects at once if it is second in line", "ConsumptionProbe.ProbeAsync",
            "isGone || consumer.Received > 0", "true"),
        new("is patient with a consumer that was served", "ConsumptionProbe.ProbeAsync",
            "isGone || consumer.Received > 0", "isGone"),
        new("needs a third idle probe", "ConsumptionProbe.ProbeAsync",
            "probes >= (wasServed ? IdleProbesBeforeReconnect : UnservedProbesBeforeReconnect)",
            "probes > (wasServed ? IdleProbesBeforeReconnect : UnservedProbesBeforeReconnect)"),
        new("stays connected without a consumer", "ConsumptionProbe.ProbeAsync",
            "epoch.End(new Loss(LossReason.NotConsuming, detail));", ""),
        new("reports an idle consumer as a lost channel", "ConsumptionProbe.ProbeAsync",
            "LossReason.NotConsuming", "LossReason.Channel"),
        new("never shows that jobs are stuck", "ConsumptionProbe.ProbeAsync",
            """
            if (!isGone) health.Set(HealthState.Queue(runner.Queue), probes == 0, probes == 0 ? "consuming" : stuck);
            """, ""),
        new("shows stuck jobs as consumed", "ConsumptionProbe.ProbeAsync",
            """
            if (!isGone) health.Set(HealthState.Queue(runner.Queue), probes == 0, probes == 0 ? "consuming" : stuck);
            """,
            """health.Set(HealthState.Queue(runner.Queue), true, "consuming");"""),
        new("shows a queue without a leader as stuck", "ConsumptionProbe.ProbeAsync",
            """
            if (!isGone) health.Set(HealthState.Queue(runner.Queue), probes == 0, probes == 0 ? "consuming" : stuck);
            """,
            """health.Set(HealthState.Queue(runner.Queue), probes == 0, probes == 0 ? "consuming" : stuck);"""),
        new("shows one text for consuming and stuck", "ConsumptionProbe.ProbeAsync",
            """probes == 0 ? "consuming" : stuck""", "stuck"),

        new("counts ready jobs as parked", "ConsumptionProbe.TryCountParkedAsync",
            "Names.DeadQueue(consumer.Runner.Queue)", "consumer.Runner.Queue"),
        new("does not publish the count of parked jobs", "ConsumptionProbe.TryCountParkedAsync",
            """
            instruments.SetQueueLength(queue, (await channel.QueueDeclarePassiveAsync(queue, cancel)).MessageCount);
            """,
            "await channel.QueueDeclarePassiveAsync(queue, cancel);"),
        new("takes a queue that it may not read for a lost connection", "ConsumptionProbe.TryCountParkedAsync",
            "e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && epoch.ConsumeConnection.IsOpen", "false"),
        new("takes a lost connection for a queue that it may not read", "ConsumptionProbe.TryCountParkedAsync",
            "epoch.ConsumeConnection.IsOpen", "true"),
        new("takes any error for a queue that it may not read", "ConsumptionProbe.TryCountParkedAsync",
            "e.ShutdownReason is { ReplyCode: >= 400 and < 500 } && epoch.ConsumeConnection.IsOpen",
            "epoch.ConsumeConnection.IsOpen"),
        new("waits for a probe for ever", "ConsumptionProbe.BoundedAsync",
            "Deadline.RunAsync(call, CallsPerProbe * options.Value.ConnectTimeout, what, time, epoch.Ended)",
            "call(epoch.Ended)"),
        new("gives a probe the time of one call", "ConsumptionProbe.BoundedAsync",
            "CallsPerProbe * options.Value.ConnectTimeout", "options.Value.ConnectTimeout"),

        new("disposes of what its thread waits on", "ThreadPoolGuard.Dispose", "_thread?.Join();", "")
            { Tests = Guard },
        new("runs on after a stop", "ThreadPoolGuard.StopAsync", "_stop.Set();", "") { Tests = Guard },
        new("adds threads although nothing waits", "ThreadPoolGuard.Run",
            "pending > 0 && completed == before", "completed == before") { Tests = Guard },
        new("adds threads although the pool works", "ThreadPoolGuard.Run",
            "pending > 0 && completed == before", "pending > 0") { Tests = Guard },
        new("never finds the pool blocked", "ThreadPoolGuard.Run", "blockedLooks + 1", "1") { Tests = Guard },
        new("adds no threads", "ThreadPoolGuard.Run", "threads + Math.Min(pending, threads)", "threads")
            { Tests = Guard },
        new("adds threads without limit", "ThreadPoolGuard.Run", "usual + MaxAdded", "int.MaxValue")
        {
            Tests = Guard,
            Survives = "a test would need more than 1,000 blocked threads",
        },
        new("never takes threads back", "ThreadPoolGuard.Run", "wanted = usual;", "") { Tests = Guard },
        new("takes threads back while the pool is blocked", "ThreadPoolGuard.Run",
            "blockedAt = Environment.TickCount64;", "") { Tests = Guard },
        new("counts threads that it does not set", "ThreadPoolGuard.Run",
            "if (wanted != minThreads) ThreadPool.SetMinThreads(minThreads = wanted, completionPorts);",
            "minThreads = wanted;") { Tests = Guard },
    ]);
}
