namespace ReWorker.Running;

/// <summary>
/// One job from its start to its result: checks it, sends <c>started</c>, runs the step under its time limit, and
/// decides how the job ended.
/// </summary>
internal sealed partial class JobExecution(WorkerContext context)
{
    // how long code may take to stop after its token was cancelled, before it is abandoned
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(2);
    // long enough for the acknowledgement of a republished job's original to reach the broker
    private static readonly TimeSpan CopyDelay = TimeSpan.FromSeconds(1);

    private readonly JobCheck _check = new(context);
    private readonly ILogger _log = context.Log;

    public async Task<Outcome> RunAsync(InFlightJob job, CancellationToken abort)
    {
        job.Messages = new JobMessages(
            context.Publisher, job.CorrelationId, ReplyQueue(job), context.AppId, context.Time);
        using var trace = job.Trace = JobTrace.Start(job.Delivery, context.Queue, job.Messages);
        var startedAt = context.Time.GetTimestamp();
        context.Instruments.JobStarted();
        Outcome outcome;
        try
        {
            outcome = await RunInTimeAsync(job, abort);
        }
        catch (Exception e)
        {
            LogFailed(_log, e, job.CorrelationId, e.Message);
            outcome = Outcome.Failed(e.Message.Length > 0 ? e.Message : e.GetType().Name);
        }
        job.Messages.Seal();
        job.MarkEnding();
        outcome = AfterEarlySettlement(job, outcome);
        context.Instruments.JobEnded();
        Record(job, outcome, context.Time.GetElapsedTime(startedAt));
        return outcome;
    }

    private async Task<Outcome> RunInTimeAsync(InFlightJob inFlight, CancellationToken abort)
    {
        // the original is acknowledged once its copy is safe: a copy that killed its worker at once would leave both
        if (DeliveryCount.IsRepublished(inFlight.Delivery.Properties))
            await Task.Delay(CopyDelay, context.Time, CancellationToken.None);
        // a separate work item, so that the owner's code delays neither the client, on whose thread this may be, nor
        // the time limit, which counts from before it
        var start = new Task<Task<Outcome>>(() => CheckAndRunAsync(inFlight));
        var work = start.Unwrap();
        var watch = ((Task)work).WaitAsync(context.Options.TimeLimit, context.Time, abort);
        start.Start(TaskScheduler.Default);
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !work.IsCompleted && await CancelAsync(inFlight, work, abort) is { } cutShort ? cutShort : await work;
    }

    // all that the owner can have written: converters, validation rules, the step, and what its result computes
    private async Task<Outcome> CheckAndRunAsync(InFlightJob inFlight)
    {
        if (_check.Run(inFlight, out var job) is { } rejected) return rejected;
        if (job!.Attempt > 1) LogRunsAgain(_log, job.CorrelationId, job.Attempt, context.Options.MaxAttempts);
        inFlight.Cancellation.Token.ThrowIfCancellationRequested();
        inFlight.Messages.SendStarted();
        AutoNotification.Send(context, inFlight, Phase.Started);
        var result = await context.Worker.ProcessAsync(job, inFlight.Cancellation.Token);
        var data = result is null ? null : context.Worker.Json.Serialize(result);
        return data is { Length: > SendRules.MaxDataBytes }
            ? Outcome.Failed($"the step's result has {data.Length} bytes; allowed: {SendRules.MaxDataBytes}")
            : Outcome.Completed(data);
    }

    // stops a step that has exceeded its time limit, or whose process must end; null if it has finished after all
    private async Task<Outcome?> CancelAsync(InFlightJob inFlight, Task work, CancellationToken abort)
    {
        var isTimeout = !abort.IsCancellationRequested;
        // on the pool, because the step's callbacks may block or throw
        _ = inFlight.Cancellation.CancelAsync();
        await work.WaitAsync(CancellationGrace, context.Time, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!isTimeout) return work.IsCompletedSuccessfully ? null : Outcome.Requeued;
        var limit = context.Options.TimeLimit;
        if (work.IsCompleted) LogTimedOut(_log, inFlight.CorrelationId, limit);
        else LogIgnoredCancellation(_log, inFlight.CorrelationId, limit);
        return Outcome.Failed($"timed out after {limit:c}");
    }

    // after an early requeue, the next run answers the job; after an early acknowledgement, only this run can
    private static Outcome AfterEarlySettlement(InFlightJob job, Outcome outcome) => job.Settled switch
    {
        Settlement.RequeueCounted => Outcome.Requeued,
        not null when outcome.Kind is OutcomeKind.Requeued =>
            Outcome.Failed("the worker was stopped before the job's end, and the job was already settled"),
        _ => outcome,
    };

    private string? ReplyQueue(InFlightJob job)
    {
        var replyTo = job.Delivery.Properties.ReplyTo;
        if (!context.Worker.SendsReplies || string.IsNullOrEmpty(replyTo)) return null;
        var queue = SendRules.ReplyTo(replyTo);
        if (queue is null) LogNoReplies(_log, job.CorrelationId, replyTo);
        return queue;
    }

    private void Record(InFlightJob job, Outcome outcome, TimeSpan elapsed)
    {
        var label = MetricLabel.For(outcome.Kind);
        context.Instruments.Jobs.Add(1, new("worker", context.Name), new("outcome", label));
        if (outcome.Kind is OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Invalid)
        {
            var tags = new TagList { { "messaging.system", Traces.System } };
            tags.Add("messaging.operation.name", JobTrace.Operation);
            tags.Add("messaging.destination.name", context.Queue);
            if (outcome.Error is not null) tags.Add("error.type", label);
            context.Instruments.JobDuration.Record(elapsed.TotalSeconds, tags);
        }
        if (outcome.Error is not { } error) return;
        job.Trace?.SetTag("error.type", label).SetStatus(ActivityStatusCode.Error, error.LogText);
        if (outcome.Kind is OutcomeKind.Invalid)
            LogInvalid(_log, job.CorrelationId, error.LogText, error.Park ? "answered and parked" : "answered");
    }

    [LoggerMessage(10, LogLevel.Warning, "Job {CorrelationId} failed: {Reason}")]
    private static partial void LogFailed(ILogger log, Exception e, Untrusted correlationId, Untrusted reason);
    [LoggerMessage(11, LogLevel.Warning, "Job {CorrelationId} is invalid and will be {Fate}: {Reason}")]
    private static partial void LogInvalid(ILogger log, Untrusted correlationId, Untrusted reason, string fate);
    [LoggerMessage(12, LogLevel.Warning, "Job {CorrelationId} exceeded its time limit of {Limit}; the step stopped")]
    private static partial void LogTimedOut(ILogger log, Untrusted correlationId, TimeSpan limit);
    [LoggerMessage(14, LogLevel.Information,
        "Job {CorrelationId} was not finished by its last worker; it runs again: attempt {Attempt} of {MaxAttempts}")]
    private static partial void LogRunsAgain(ILogger log, Untrusted correlationId, int attempt, int maxAttempts);
    [LoggerMessage(15, LogLevel.Warning,
        "Job {CorrelationId} exceeded its time limit of {Limit} and ignores cancellation; its result will be dropped")]
    private static partial void LogIgnoredCancellation(ILogger log, Untrusted correlationId, TimeSpan limit);
    [LoggerMessage(21, LogLevel.Warning,
        "Job {CorrelationId} gets no replies: its reply_to '{ReplyTo}' is a worker's queue or exceeds 255 bytes")]
    private static partial void LogNoReplies(ILogger log, Untrusted correlationId, Untrusted replyTo);
}
