namespace ReWorker.Running;

/// <summary>
/// One job from the end of the step's code to its settlement: sends the terminal reply, waits until the broker has
/// confirmed everything that the job sent, and only then acknowledges the job.
/// </summary>
internal sealed partial class JobEnding(WorkerContext context)
{
    private static readonly TimeSpan ParkRetryDelay = TimeSpan.FromSeconds(10);
    private const int MaxParkReasonLength = 1000;
    private readonly ILogger _log = context.Log;

    /// <summary>Returns when the job is settled. Never throws.</summary>
    public async Task EndAsync(InFlightJob job, Outcome outcome)
    {
        try
        {
            if (outcome.Kind is OutcomeKind.Requeued)
            {
                Requeue(job);
                return;
            }
            PendingMessage? reply = null;
            if (outcome.Kind is OutcomeKind.Republished) await RepublishCountedAsync(job);
            else reply = await SendTerminalAsync(job, outcome);
            job.Messages.Complete();
            await job.Messages.Confirmed;
            if (reply?.Error is not null) await ReplyTooLargeAsync(job, reply);
            job.Complete(Settlement.Ack);
        }
        catch (Exception e)
        {
            job.MarkLost();
            LogNotEnded(_log, e, job.CorrelationId);
        }
    }

    private void Requeue(InFlightJob job)
    {
        job.Messages.Complete();
        job.Complete(Settlement.RequeueUncounted);
        if (context.Options.OnRedelivery is OnRedelivery.Fail) LogRequeuedToFail(_log, job.CorrelationId);
        else LogRequeued(_log, job.CorrelationId);
    }

    // returns the terminal reply; null if nobody waits for it
    private async ValueTask<PendingMessage?> SendTerminalAsync(InFlightJob job, Outcome outcome)
    {
        if (job.Settled is Settlement.DeadLetter)
        {
            await ParkAsync(job, "rejected by the step");
            LogRejected(_log, job.CorrelationId, Names.DeadQueue(context.Queue));
        }
        else if (outcome.Error is { Park: true } error) await ParkAsync(job, error.ReplyText);
        if (outcome.Error?.ReplyText is { } reason)
        {
            AutoNotification.Send(context, job, Phase.Failed, reason);
            return job.Messages.SendTerminal(PhaseNames.Failed, Bodies.Failed(reason));
        }
        AutoNotification.Send(context, job, Phase.Completed);
        var body = outcome.Data is { } data ? Bodies.CompletedWith(data) : Bodies.Completed;
        return job.Messages.SendTerminal(PhaseNames.Completed, body);
    }

    // the broker may take a shorter reply than the one that it rejected
    private static async Task ReplyTooLargeAsync(InFlightJob job, PendingMessage reply)
    {
        var bytes = reply.Body.Length;
        var body = Bodies.Failed($"the step's reply of {bytes} bytes could not be sent: {reply.Error!.Message}");
        if (body.Length >= bytes) return;
        var confirmed = NewWaiter();
        job.Messages.SendTerminal(PhaseNames.Failed, body, confirmed);
        // nothing reaches this requester if that fails too; the log has said so twice
        await ((Task)confirmed.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // waits until a copy is safe in the dead-letter queue: a rejected delivery would be lost if somebody else declared
    // the queue without a dead-letter target
    private async Task ParkAsync(InFlightJob job, string reason)
    {
        var queue = Names.DeadQueue(context.Queue);
        var headers = new Dictionary<string, object?>
        {
            [HeaderNames.Reason] = Outcome.Shorten(reason, MaxParkReasonLength),
            [HeaderNames.ParkedAt] = context.Time.GetUtcNow().ToString("O"),
            [HeaderNames.Queue] = context.Queue,
            [HeaderNames.Attempts] = job.Attempt - 1,
        };
        while (!await CopyToAsync(job, queue, headers, MessageKind.Parked))
        {
            LogCannotPark(_log, job.CorrelationId, queue, ParkRetryDelay.TotalSeconds);
            await Task.Delay(ParkRetryDelay, context.Time);
        }
        context.Instruments.Parked.Add(1, new KeyValuePair<string, object?>("worker", context.Name));
    }

    // puts the job at the end of its queue with one more attempt counted; if that fails, the broker redelivers it
    private async Task RepublishCountedAsync(InFlightJob job)
    {
        var headers = new Dictionary<string, object?> { [HeaderNames.Attempts] = job.Attempt - 1 };
        if (!await CopyToAsync(job, context.Queue, headers, MessageKind.Sent))
            throw new InvalidOperationException($"the queue {context.Queue} takes no messages");
    }

    // returns false if the queue does not exist
    private static Task<bool> CopyToAsync(
        InFlightJob job, string queue, Dictionary<string, object?> headers, MessageKind kind)
    {
        var confirmed = NewWaiter();
        job.Messages.SendInternal(new OutgoingMessage(kind, Names.DefaultExchange, queue, job.Delivery.Body)
        {
            Original = job.Delivery.Properties,
            Headers = headers,
            Waiter = confirmed,
        });
        return confirmed.Task;
    }

    private static TaskCompletionSource<bool> NewWaiter() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(20, LogLevel.Information, "Job {CorrelationId} was requeued; the next worker runs it again")]
    private static partial void LogRequeued(ILogger log, Untrusted correlationId);
    [LoggerMessage(25, LogLevel.Information,
        "Job {CorrelationId} was requeued; the next worker fails it, because Worker:OnRedelivery is Fail")]
    private static partial void LogRequeuedToFail(ILogger log, Untrusted correlationId);
    [LoggerMessage(24, LogLevel.Warning, "Job {CorrelationId} was rejected by the step and parked in {Queue}")]
    private static partial void LogRejected(ILogger log, Untrusted correlationId, string queue);
    [LoggerMessage(22, LogLevel.Error,
        "Job {CorrelationId} cannot be parked: no queue {Queue}. It is kept; the next try is in {Seconds} s.")]
    private static partial void LogCannotPark(ILogger log, Untrusted correlationId, string queue, double seconds);
    [LoggerMessage(23, LogLevel.Error,
        "Job {CorrelationId} could not be ended. The broker redelivers it after the next reconnect.")]
    private static partial void LogNotEnded(ILogger log, Exception e, Untrusted correlationId);
}
