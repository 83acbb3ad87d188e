namespace ReWorker.Mutants.Defects;

internal static class RunningDefects
{
    public static DefectTable Table { get; } = new("Runtime/Running",
        ["JobCheckTests", "RunnerSlotTests", "DrainTests", "JobReportTests"],
    [
        new("opens one slot too many", "Runner.Start", "slot < Options.Concurrency", "slot <= Options.Concurrency"),
        new("opens a single slot", "Runner.Start", "slot < Options.Concurrency", "slot < 1"),
        new("does not begin its counters at zero", "Runner.Start",
            "context.Instruments.InitializeCounters(Name, Queue, outcomes.Select(MetricLabel.For));", ""),
        new("finds a free slot where there is none", "Runner.HasFreeSlot",
            "Running < Options.Concurrency", "Running <= Options.Concurrency"),
        new("prefetches only what its slots run", "Runner.Prefetch",
            "Options.EffectivePrefetch", "Options.Concurrency"),
        new("does not count deliveries", "Runner.Accept",
            """
            context.Instruments.Deliveries.Add(1, new KeyValuePair<string, object?>("kind", MetricLabel.For(kind)));
            """,
            ""),
        new("does not log an adopted job", "Runner.Accept", "kind is DeliveryKind.Adopted", "false"),
        new("logs a duplicate as adopted", "Runner.Accept",
            "kind is DeliveryKind.Adopted", "kind is DeliveryKind.Adopted or DeliveryKind.Duplicate"),
        new("keeps a job that came after the stop", "Runner.Accept",
            "if (mustRun && !_waiting.Writer.TryWrite(delivery.Job!)) RequeueUnstarted();",
            "if (mustRun) _waiting.Writer.TryWrite(delivery.Job!);"),
        new("accepts jobs after the stop", "Runner.StopAccepting", "_waiting.Writer.TryComplete();", ""),
        new("keeps waiting jobs at the stop", "Runner.StopAccepting", "RequeueUnstarted()", "0"),
        new("counts an attempt for jobs that wait at the stop", "Runner.RequeueUnstarted",
            "Settlement.RequeueUncounted", "Settlement.RequeueCounted"),
        new("drops jobs that wait at the stop", "Runner.RequeueUnstarted",
            "Settlement.RequeueUncounted", "Settlement.Ack"),
        new("cancels running jobs at once", "Runner.DrainAsync",
            "await WaitUntilAsync(() => Running == 0, Options.DrainTimeout, hurry);", ""),
        new("does not cancel jobs after the drain timeout", "Runner.DrainAsync", "await _abort.CancelAsync();", ""),
        new("stops without the jobs that it cancelled", "Runner.DrainAsync",
            "await WaitUntilAsync(() => Running == 0, StopTimeout, hurry);", ""),
        new("stops before its replies are confirmed", "Runner.DrainAsync",
            "await WaitUntilAsync(() => Volatile.Read(ref _unsettled) == 0, StopTimeout, hurry);", ""),
        new("drains for as long as it stops", "Runner.DrainAsync", "Options.DrainTimeout", "StopTimeout"),
        new("never counts a running job", "Runner.RunSlotAsync", "Interlocked.Increment(ref _running);", ""),
        new("counts a job as running for ever", "Runner.RunSlotAsync", "Interlocked.Decrement(ref _running);", ""),
        new("runs a job that must not start", "Runner.RunSlotAsync",
            "if (job.TryStart()) await RunJobAsync(job);", "job.TryStart(); await RunJobAsync(job);"),
        new("counts a running job after its start", "Runner.RunSlotAsync",
            """
            await foreach (var job in _waiting.Reader.ReadAllAsync())
            {
                Interlocked.Increment(ref _running);
                if (job.TryStart()) await RunJobAsync(job);
                Interlocked.Decrement(ref _running);
            }
            """,
            """
            await foreach (var job in _waiting.Reader.ReadAllAsync())
            {
                if (!job.TryStart()) continue;
                Interlocked.Increment(ref _running);
                await RunJobAsync(job);
                Interlocked.Decrement(ref _running);
            }
            """),
        new("does not wait for the job in its slot", "Runner.RunSlotAsync",
            "if (job.TryStart()) await RunJobAsync(job);", "if (job.TryStart()) _ = RunJobAsync(job);"),
        new("keeps a slot until the confirms", "Runner.RunJobAsync",
            "_ = EndJobAsync(job, await _execution.RunAsync(job, _abort.Token));",
            "await EndJobAsync(job, await _execution.RunAsync(job, _abort.Token));"),
        new("keeps a job whose run broke down", "Runner.RunJobAsync", "job.MarkLost();", ""),
        new("drops a job whose run broke down", "Runner.RunJobAsync",
            "job.MarkLost();", "job.Complete(Settlement.Ack);"),
        new("loses a slot to an exception", "Runner.RunJobAsync",
            """
            try
            {
                _ = EndJobAsync(job, await _execution.RunAsync(job, _abort.Token));
            }
            catch (Exception)
            {
                job.MarkLost();
            }
            """,
            "_ = EndJobAsync(job, await _execution.RunAsync(job, _abort.Token));"),
        new("runs jobs that a stop does not reach", "Runner.RunJobAsync", "_abort.Token", "CancellationToken.None"),
        new("does not count unsettled jobs", "Runner.EndJobAsync", "Interlocked.Increment(ref _unsettled);", ""),
        new("counts a settled job as unsettled", "Runner.EndJobAsync", "Interlocked.Decrement(ref _unsettled);", ""),
        new("waits one poll too long", "Runner.WaitUntilAsync",
            "context.Time.GetElapsedTime(startedAt) < timeout", "context.Time.GetElapsedTime(startedAt) <= timeout"),
        new("waits in spite of a hurry", "Runner.WaitUntilAsync", "!hurry.IsCancellationRequested", "true"),
        new("waits for its timeout in any case", "Runner.WaitUntilAsync", "!condition()", "true"),
        new("gives up an attempt early", "JobCheck.Run",
            "inFlight.Attempt > _options.MaxAttempts", "inFlight.Attempt >= _options.MaxAttempts"),
        new("gives up an attempt late", "JobCheck.Run",
            "inFlight.Attempt > _options.MaxAttempts", "inFlight.Attempt > _options.MaxAttempts + 1"),
        new("names an attempt too many", "JobCheck.Run", "inFlight.Attempt - 1", "inFlight.Attempt"),
        new("does not park a job that kills its workers", "JobCheck.Run", "true", "false"),
        new("puts back every job that no queue counts", "JobCheck.Run",
            "inFlight.WasRedelivered && !DeliveryCount.IsCountedByBroker(delivery.Properties)",
            "!DeliveryCount.IsCountedByBroker(delivery.Properties)"),
        new("puts back jobs that a quorum queue counts", "JobCheck.Run",
            "inFlight.WasRedelivered && !DeliveryCount.IsCountedByBroker(delivery.Properties)",
            "inFlight.WasRedelivered"),
        new("puts output at the end of its queue", "JobCheck.Run",
            "mustBeCounted && context.Worker.SendsReplies", "mustBeCounted"),
        new("reads a body that is a byte too large", "JobCheck.Run",
            "_options.MaxBodyBytes", "_options.MaxBodyBytes + 1"),
        new("reads no body of the largest size", "JobCheck.Run", "_options.MaxBodyBytes", "_options.MaxBodyBytes - 1"),
        new("notifies nobody because it keeps no content", "JobCheck.Run",
            "inFlight.Content = content;",
            "if (_options.OnRedelivery is OnRedelivery.RunAgain) inFlight.Content = content;"),
        new("gives the step no output", "JobCheck.Run",
            "inFlight.Output = new JobOutput(inFlight.Messages, _options.OutputLevel, inFlight.Cancellation.Token);",
            ""),
        new("sends output of every level", "JobCheck.Run",
            "_options.OutputLevel", "LogLevel.Trace") { Tests = ["OutputLineTests"] },
        new("lets output wait for room after its end", "JobCheck.Run",
            "inFlight.Cancellation.Token", "CancellationToken.None") { Tests = ["JobRunTests"] },
        new("runs a counted job twice", "JobCheck.Run",
            "inFlight.Attempt > 1 || inFlight.WasRedelivered", "inFlight.WasRedelivered"),
        new("fails only what is counted and flagged", "JobCheck.Run",
            "inFlight.Attempt > 1 || inFlight.WasRedelivered", "inFlight.Attempt > 1 && inFlight.WasRedelivered"),
        new("never runs a job twice", "JobCheck.Run", "_options.OnRedelivery is OnRedelivery.Fail", "true"),
        new("runs jobs twice that must not be", "JobCheck.Run", "_options.OnRedelivery is OnRedelivery.Fail", "false"),
        new("does not ask for dynamic values", "JobCheck.Run", "CheckDynamic(content!, errors);", ""),
        new("runs a job with one error", "JobCheck.Run", "errors.Count > 0", "errors.Count > 1"),
        new("is content with one dynamic value", "JobCheck.CheckDynamic",
            "required.All(content.Dynamic.ContainsKey)",
            "required.Count == 0 || required.Any(content.Dynamic.ContainsKey)"),
        new("lists the dynamic values that are there", "JobCheck.CheckDynamic",
            "!content.Dynamic.ContainsKey(name)", "content.Dynamic.ContainsKey(name)"),
        new("parks a job only if all errors ask for it", "Outcome.Invalid",
            "errors.Any(error => error.Park)", "errors.All(error => error.Park)"),
        new("shows values in the log", "Outcome.Invalid", "error.LogText", "error.ReplyText"),
        new("sends a reason of any length", "Outcome.Failed", "Shorten(reason, MaxLength)", "reason"),
        new("cuts a reason that just fits", "Outcome.Shorten", "reason.Length <= length", "reason.Length < length"),
        new("names its messages in mixed case", "WorkerContext.AppId",
            "Worker.GetType().Name.ToLowerInvariant()", "Worker.GetType().Name"),
        new("binds its queue to its name only", "WorkerContext.RoutingKeys",
            "Worker.RoutingKeys", "Array.Empty<string>()"),
    ]);
}
