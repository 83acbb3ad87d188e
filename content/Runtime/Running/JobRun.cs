using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Running;

/// <summary>One job from its delivery to the end of the step's code: check, say <c>started</c>, run, and see how it ended.</summary>
internal sealed partial class JobRun(WorkerContext parts, Ledger ledger, ILogger log)
{
    /// <summary>How long code that was told to stop may take before it is given up.</summary>
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(2);

    /// <summary>Long enough for the acknowledgement of its original to reach the broker.</summary>
    private static readonly TimeSpan CopyDelay = TimeSpan.FromSeconds(1);

    private readonly JobEnding _ending = new(parts, ledger, log);

    /// <summary>Returns when the step's code has ended; the second task when the job is settled.</summary>
    public async Task<Task> ExecuteAsync(InFlightJob hand, CancellationToken abort)
    {
        var delivery = hand.Delivery;
        var messages = new JobMessages(parts.Publisher, delivery.Properties.CorrelationId, parts.AppId, parts.Time);
        using var trace = JobTrace.Start(delivery, parts.Queue, messages);
        var began = parts.Time.GetTimestamp();
        parts.Instruments.JobStarted();

        JobContext? context = null;
        Outcome outcome;
        try
        {
            outcome = Screen(hand, messages, out context, out var job) ?? await RunAsync(job!, context!, abort).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogBroken(log, e, Printable.ForLog(delivery.Properties.CorrelationId), hand.Attempt);
            outcome = Outcome.Failed(e.Message);
        }

        messages.Seal();
        ledger.MarkEnding(hand);
        // an early requeue leaves the answer to the next run; after an early ack nobody but this one is left to answer
        if (hand.Settlement is Settlement.RequeueCounted) outcome = Outcome.Requeued;
        else if (outcome.Kind is OutcomeKind.Requeued && hand.Settlement is not null) outcome = Outcome.Failed("the worker was stopped, and the job was settled before its end");
        parts.Instruments.JobEnded();
        Record(outcome, parts.Time.GetElapsedTime(began), delivery, trace);
        return _ending.EndAsync(hand, context, messages, outcome);
    }

    /// <summary>Everything that can be wrong with a job before the step's code sees it; null if nothing is.</summary>
    private Outcome? Screen(InFlightJob hand, JobMessages messages, out JobContext? context, out Job? job)
    {
        (context, job) = (null, null);
        var delivery = hand.Delivery;
        if (hand.Attempt > parts.Options.MaxAttempts)
            return Outcome.Invalid($"gave up after {hand.Attempt - 1} attempts: its worker died or lost it each time", park: true);
        // a line goes to no end of a queue: it would be behind those that came after it
        if (parts.Worker.Answers && hand.WasInterrupted && !DeliveryCount.IsCounted(delivery.Properties)) return new Outcome(OutcomeKind.Republished);

        if (JobReader.TryRead(delivery.Body, parts.Options.MaxBodyBytes, out var content) is { } refusal)
            return Outcome.Invalid(refusal.ReplyText, refusal.Park);
        // not disposed of: code that does not heed it may look at it later
        var stop = new CancellationTokenSource();
        var output = new JobOutput(messages, parts.Options.OutputLevel, stop.Token);
        context = new JobContext(content!, hand, ledger, messages, parts.Publisher, output, stop, parts.Worker.Json);
        // not by the count alone: RabbitMQ 4.3 does not count what was in hand over a node that its cluster lost
        if ((hand.Attempt > 1 || hand.WasInterrupted) && parts.Options.OnRedelivery is OnRedelivery.Fail)
            return Outcome.Invalid("a worker had it before and did not end it, and this step must not run twice (Worker:OnRedelivery is Fail)", park: false);

        var problems = new List<JobError>();
        var required = parts.Worker.Dynamic;
        if (!required.All(content!.Dynamic.ContainsKey))
            problems.Add(new($"dynamic values missing: {string.Join(", ", required.Where(name => !content.Dynamic.ContainsKey(name)))}; required: {string.Join(", ", required)}"));
        job = parts.Worker.Bind(context, problems);
        return problems.Count > 0 ? Outcome.Invalid(problems) : null;
    }

    private async Task<Outcome> RunAsync(Job job, JobContext context, CancellationToken abort)
    {
        // the original is acknowledged only after its copy is safe: a copy that killed its worker at once would leave both
        if (DeliveryCount.IsCopy(job.Properties)) await Task.Delay(CopyDelay, parts.Time, CancellationToken.None).ConfigureAwait(false);
        if (context.Hand.Attempt > 1) LogAgain(log, Printable.ForLog(job.CorrelationId), context.Hand.Attempt, parts.Options.MaxAttempts);
        _ending.SendStarted(context);

        var stop = context.Stop;
        // on a thread of its own pool turn: code that blocks must not hold up the one who watches the time, which counts from before it
        var begin = new Task<Task<object?>>(() => parts.Worker.ProcessAsync(job, stop.Token));
        var work = begin.Unwrap();
        var watch = ((Task)work).WaitAsync(parts.Options.TimeLimit, parts.Time, abort);
        begin.Start(TaskScheduler.Default);
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!work.IsCompleted)
        {
            var isOver = !abort.IsCancellationRequested;
            // on the pool: what the step's code does then may block or throw
            _ = stop.CancelAsync();
            await ((Task)work).WaitAsync(CancellationGrace, parts.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isOver)
            {
                LogTimedOut(log, Printable.ForLog(job.CorrelationId), parts.Options.TimeLimit, work.IsCompleted ? "has stopped" : "runs on, unheeded");
                return Outcome.Failed($"timed out after {parts.Options.TimeLimit:c}");
            }
            // the process must end: work that is done all the same is not thrown away
            if (!work.IsCompletedSuccessfully) return Outcome.Requeued;
        }
        try
        {
            return Completed(await work.ConfigureAwait(false), context.Json);
        }
        catch (Exception e)
        {
            LogFailed(log, e, Printable.ForLog(job.CorrelationId), Printable.ForLog(e.Message));
            return Outcome.Failed(Reason(e));
        }
    }

    private static Outcome Completed(object? result, JobJson json)
    {
        if (result is null) return new Outcome(OutcomeKind.Completed);
        var data = json.Serialize(result);
        return data.Length <= SendRules.MaxBodyBytes - 64
            ? new Outcome(OutcomeKind.Completed, data)
            : Outcome.Failed($"the step's result has {data.Length} bytes; allowed: {SendRules.MaxBodyBytes - 64}");
    }

    private static string Reason(Exception e) => e.Message.Length > 0 ? e.Message : e.GetType().Name;

    private void Record(Outcome outcome, TimeSpan took, Delivery delivery, Activity? trace)
    {
        parts.Instruments.Jobs.Add(1, new("worker", parts.Name), new("outcome", outcome.Tag));
        if (outcome.Kind is OutcomeKind.Completed or OutcomeKind.Failed or OutcomeKind.Invalid)
        {
            var tags = new TagList { { "messaging.system", JobTrace.System }, { "messaging.operation.name", JobTrace.Operation }, { "messaging.destination.name", parts.Queue } };
            if (!outcome.IsCompleted) tags.Add("error.type", outcome.Tag);
            parts.Instruments.JobDuration.Record(took.TotalSeconds, tags);
        }
        if (outcome.Error?.LogText is { } reason) trace?.SetTag("error.type", outcome.Tag).SetStatus(ActivityStatusCode.Error, reason);
        if (outcome.Kind is OutcomeKind.Invalid) LogRefused(log, Printable.ForLog(delivery.Properties.CorrelationId), Printable.ForLog(outcome.Error?.LogText), outcome.Park ? "answered and parked" : "answered");
    }

    [LoggerMessage(EventId = 14, Level = LogLevel.Information, Message = "Job {CorrelationId} was not finished by the worker that had it before: it runs again from the start, attempt {Attempt} of {Most}")]
    private static partial void LogAgain(ILogger log, string correlationId, int attempt, int most);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Job {CorrelationId} failed: {Reason}. The requester is told; the message is done with.")]
    private static partial void LogFailed(ILogger log, Exception e, string correlationId, string reason);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "Job {CorrelationId} was refused, {Fate}: {Reason}")]
    private static partial void LogRefused(ILogger log, string correlationId, string? reason, string fate);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "Job {CorrelationId} is over its time limit of {Limit}: answered as failed. The step's code {Fate}.")]
    private static partial void LogTimedOut(ILogger log, string correlationId, TimeSpan limit, string fate);

    [LoggerMessage(EventId = 13, Level = LogLevel.Error, Message = "Job {CorrelationId}, attempt {Attempt}, could not be run: answered as failed")]
    private static partial void LogBroken(ILogger log, Exception e, string correlationId, int attempt);
}
