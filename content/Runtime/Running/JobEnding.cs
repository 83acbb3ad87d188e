using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Running;

/// <summary>What the runtime itself says of a job, and the order in which it is ended: reply, confirm, settle.</summary>
internal sealed partial class JobEnding(WorkerContext parts, Ledger ledger, ILogger log)
{
    private static readonly TimeSpan ParkRetryDelay = TimeSpan.FromSeconds(10);

    private const int MostOfAHeader = 1000;

    public void SendStarted(JobContext context)
    {
        Reply(context.Hand, context.JobMessages, "started", Bodies.Started);
        Notify(context, Phase.Started, $"{parts.Name} started");
    }

    /// <summary>Never throws. Ends when the job is settled, or given back.</summary>
    public async Task EndAsync(InFlightJob hand, JobContext? context, JobMessages messages, Outcome outcome)
    {
        try
        {
            if (outcome.Kind is OutcomeKind.Requeued)
            {
                messages.Complete();
                ledger.Complete(hand, Settlement.RequeueUncounted);
                LogHandedBack(log, Printable.ForLog(hand.Delivery.Properties.CorrelationId), parts.Options.OnRedelivery is OnRedelivery.Fail ? "answers it as failed" : "runs it from the start");
                return;
            }
            PendingMessage? reply = null;
            if (outcome.Kind is OutcomeKind.Republished) await RepublishCountedAsync(hand, messages).ConfigureAwait(false);
            else reply = await SendTerminalAsync(hand, context, messages, outcome).ConfigureAwait(false);

            messages.Complete();
            await messages.Confirmed.ConfigureAwait(false);
            if (reply?.Error is { } refusal) await ReplyTooLargeAsync(hand, messages, reply.Body.Length, refusal).ConfigureAwait(false);
            ledger.Complete(hand, Settlement.Ack);
        }
        catch (Exception e)
        {
            ledger.MarkLost(hand);
            LogStuck(log, e, Printable.ForLog(hand.Delivery.Properties.CorrelationId));
        }
    }

    /// <returns>The terminal reply, if there is somebody to send it to.</returns>
    private async ValueTask<PendingMessage?> SendTerminalAsync(InFlightJob hand, JobContext? context, JobMessages messages, Outcome outcome)
    {
        if (hand.Settlement is Settlement.DeadLetter)
        {
            await ParkAsync(hand, messages, "rejected by the step").ConfigureAwait(false);
            LogRejected(log, Printable.ForLog(hand.Delivery.Properties.CorrelationId), Names.DeadQueue(parts.Queue));
        }
        else if (outcome.Park) await ParkAsync(hand, messages, outcome.Reason!).ConfigureAwait(false);
        if (outcome.IsCompleted)
        {
            if (context is not null) Notify(context, Phase.Completed, $"{parts.Name} completed");
            return Reply(hand, messages, "completed", outcome.Data is { } data ? Bodies.CompletedWith(data) : Bodies.Completed);
        }
        if (context is not null) Notify(context, Phase.Failed, $"{parts.Name} failed: {outcome.Reason}");
        return Reply(hand, messages, "failed", Bodies.Failed(outcome.Reason!));
    }

    private PendingMessage? Reply(InFlightJob hand, JobMessages messages, string status, byte[] body, TaskCompletionSource<bool>? waiter = null)
    {
        var properties = hand.Delivery.Properties;
        if (!parts.Worker.Answers || SendRules.ReplyTo(properties.ReplyTo) is not { } queue)
        {
            if (parts.Worker.Answers && !string.IsNullOrEmpty(properties.ReplyTo)) LogNoRequester(log, Printable.ForLog(properties.ReplyTo), status);
            waiter?.TrySetResult(false);
            return null;
        }
        return messages.SendInternal(new OutgoingMessage(MessageKind.Status, Names.DefaultExchange, queue, body)
        {
            MessageId = MessageIds.Status(properties.CorrelationId ?? messages.Id, status),
            Waiter = waiter,
        });
    }

    /// <summary>The broker takes no reply of that size, it seems; a shorter one it may.</summary>
    private async Task ReplyTooLargeAsync(InFlightJob hand, JobMessages messages, int bytes, Exception refusal)
    {
        var body = Bodies.Failed($"the step's reply of {bytes} bytes could not be sent: {refusal.Message}");
        if (body.Length >= bytes) return;
        var taken = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Reply(hand, messages, "failed", body, taken);
        try
        {
            await taken.Task.ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // nothing reaches this requester; the log has said so twice
        }
    }

    private void Notify(JobContext context, Phase phase, string text)
    {
        if (!parts.Options.AutoNotify || context.HasNotified(phase)) return;
        foreach (var (channel, targets) in context.Content.Notify.For(phase))
        {
            var body = Bodies.Notification(text, $"{text} (job {context.Hand.Delivery.Properties.CorrelationId})", phase, targets);
            context.JobMessages.SendInternal(new OutgoingMessage(MessageKind.Notification, Names.Exchange, Names.Notification(channel), body));
        }
    }

    /// <summary>
    /// Puts a copy into the dead-letter queue, with the reason, and goes on only when it is safe there. Done by hand, not by
    /// basic.reject: a queue that somebody else declared may have no dead-letter target, and would drop the job.
    /// </summary>
    private async Task ParkAsync(InFlightJob hand, JobMessages messages, string reason)
    {
        var headers = new Dictionary<string, object?>
        {
            ["x-reworker-reason"] = reason.Length <= MostOfAHeader ? reason : $"{reason[..MostOfAHeader]}…",
            ["x-reworker-parked-at"] = parts.Time.GetUtcNow().ToString("O"),
            ["x-reworker-queue"] = parts.Queue,
            [DeliveryCount.Header] = hand.Attempt - 1,
        };
        while (!await MoveAsync(hand, messages, Names.DeadQueue(parts.Queue), headers, MessageKind.Parked).ConfigureAwait(false))
        {
            LogNowhereToPark(log, Printable.ForLog(hand.Delivery.Properties.CorrelationId), Names.DeadQueue(parts.Queue), ParkRetryDelay.TotalSeconds);
            await Task.Delay(ParkRetryDelay, parts.Time).ConfigureAwait(false);
        }
        parts.Instruments.Parked.Add(1, new KeyValuePair<string, object?>("worker", parts.Name));
    }

    /// <summary>Puts the job back at the end of its queue with one attempt more; should that fail, it stays unsettled and comes again.</summary>
    private async Task RepublishCountedAsync(InFlightJob hand, JobMessages messages)
    {
        var headers = new Dictionary<string, object?> { [DeliveryCount.Header] = hand.Attempt - 1 };
        if (!await MoveAsync(hand, messages, parts.Queue, headers, MessageKind.Sent).ConfigureAwait(false))
            throw new InvalidOperationException($"the queue {parts.Queue} takes no messages");
    }

    private static Task<bool> MoveAsync(InFlightJob hand, JobMessages messages, string queue, Dictionary<string, object?> headers, MessageKind kind)
    {
        var taken = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        messages.SendInternal(new OutgoingMessage(kind, Names.DefaultExchange, queue, hand.Delivery.Body)
        {
            Original = hand.Delivery.Properties,
            Headers = headers,
            Waiter = taken,
        });
        return taken.Task;
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "Job {CorrelationId} is handed back to its queue: the next worker {Fate}")]
    private static partial void LogHandedBack(ILogger log, string correlationId, string fate);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "Job {CorrelationId} was rejected by the step: answered, and parked in {Queue}")]
    private static partial void LogRejected(ILogger log, string correlationId, string queue);

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "No status is sent to '{ReplyTo}' ({Status}): the queues of workers take no replies")]
    private static partial void LogNoRequester(ILogger log, string replyTo, string status);

    [LoggerMessage(EventId = 22, Level = LogLevel.Error, Message = "Job {CorrelationId} can't be parked: there is no queue {Queue}. It is kept, and tried again every {Seconds} s.")]
    private static partial void LogNowhereToPark(ILogger log, string correlationId, string queue, double seconds);

    [LoggerMessage(EventId = 23, Level = LogLevel.Error, Message = "Job {CorrelationId} could not be ended: it stays unacknowledged, and the broker delivers it again after the next reconnect")]
    private static partial void LogStuck(ILogger log, Exception e, string correlationId);
}
