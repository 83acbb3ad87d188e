namespace ReWorker.Mutants.Defects;

/// <summary>One session of a requester: its reply queue, its confirms and its acknowledgements.</summary>
internal static class SessionDefects
{
    private static readonly string[] Tests =
    [
        "ReplySessionTests", "ReplySessionEndTests", "ReplyConfirmTests", "JobSendingTests", "UndeliverableJobTests",
    ];

    public static DefectTable Table { get; } = new("Client", Tests,
    [
        new("declares a queue of the default type", "ReplyQueue.DeclareAsync", "\"classic\"", "\"quorum\""),
        new("lets the reply queue expire in seconds", "ReplyQueue.DeclareAsync",
            "Options.ReplyQueueLifetime.TotalMilliseconds", "Options.ReplyQueueLifetime.TotalSeconds"),
        new("follows output against its options", "ReplyQueue.DeclareAsync", "if (!Options.FollowOutput) return;", ""),
        new("follows no notifications", "ReplyQueue.DeclareAsync", "new[] { Names.Output, Names.Notification(\"#\") }",
            "new[] { Names.Output }"),
        new("follows notifications of one level", "ReplyQueue.DeclareAsync", "Names.Notification(\"#\")",
            "Names.Notification(\"*\")"),

        new("knows an alarm after its end", "ReplySession.Blocked", "_epoch.Alarm.IsRaised", "true"),
        new("publishes a suspect job with the others", "ReplySession.PublishAsync",
            "separate ?? _epoch.PublishChannel", "_epoch.PublishChannel"),
        new("opens a channel during an alarm", "ReplySession.PublishAsync",
            "await _epoch.Alarm.WaitForEndAsync(either.Token);", ""),
        new("sends jobs that may vanish", "ReplySession.PublishAsync", "true", "false"),
        new("cuts a write short", "ReplySession.PublishAsync",
            "(separate ?? _epoch.PublishChannel).BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, " +
            "properties, body, _epoch.Ended)",
            "(separate ?? _epoch.PublishChannel).BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, " +
            "properties, body, either.Token)"),
        new("waits for a confirm without end", "ReplySession.PublishAsync",
            "await WaitForConfirmAsync(confirmed.AsTask(), either.Token);", "await confirmed;"),
        new("does not wait for the confirm", "ReplySession.PublishAsync",
            "await WaitForConfirmAsync(confirmed.AsTask(), either.Token);", ""),
        new("does not recognize a rejected job", "ReplySession.PublishAsync", "separate is not null", "false"),
        new("rejects no job of any channel", "ReplySession.RejectionReason", "rejection.ReplyText", "null"),
        new("fails if the queue can't be deleted", "ReplySession.TryDeleteQueueAsync",
            "await Deadline.RunAsync(DeleteAsync, DeleteTimeout, \"deleting\", time, CancellationToken.None);",
            "await DeleteAsync(CancellationToken.None);"),
        new("does not end a session without confirms", "ReplySession.WaitForConfirmAsync",
            "End(LossReason.ConfirmTimeout, $\"a job was not confirmed within {confirmTimeout.TotalSeconds:0.#} s\");",
            ""),
        new("ends a session during an alarm", "ReplySession.WaitForConfirmAsync", "_epoch.Alarm.IsRaised", "false"),
        new("ends a session right after an alarm", "ReplySession.WaitForConfirmAsync", "alarmEnd > writtenAt", "false"),
        new("counts an alarm before the job", "ReplySession.WaitForConfirmAsync", "alarmEnd > writtenAt", "true")
            { Survives = "equivalent: an alarm that ended before the job was written is older"
                + " than the timeout when it is up" },
        new("waits without end after an alarm", "ReplySession.WaitForConfirmAsync",
            "time.GetElapsedTime(alarmEnd) <= confirmTimeout", "true"),
        new("takes the client's timeout for its own", "ReplySession.WaitForConfirmAsync", "!confirmed.IsFaulted",
            "true"),
        new("binds without an exchange", "ReplySession.SetUpAsync", "queue.Options.FollowOutput", "false"),
        new("does not watch the replies' channel", "ReplySession.SetUpAsync", "_epoch.Watch(channel);", ""),
        new("takes all replies at once", "ReplySession.SetUpAsync",
            "await channel.BasicQosAsync(0, Prefetch, global: false, cancel);", ""),
        new("does not notice that its consumer was cancelled", "ReplySession.SetUpAsync",
            "consumer.UnregisteredAsync += Cancelled;", ""),
        new("consumes without acknowledging", "ReplySession.SetUpAsync",
            "await channel.BasicConsumeAsync(queue.Name, autoAck: false, consumer, cancel);",
            "await channel.BasicConsumeAsync(queue.Name, autoAck: true, consumer, cancel);"),
        new("handles replies after a loss", "ReplySession.Received", "IsLost", "false"),
        new("acknowledges without handling", "ReplySession.Received", "queue.Receive(delivery);", ""),
        new("does not acknowledge replies", "ReplySession.Received",
            "_ = channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, _epoch.Ended).AsTask();", ""),
        new("declares the exchange after any failed check", "ReplySession.EnsureExchangeAsync",
            "e.ShutdownReason?.ReplyCode is 404", "true"),
        new("lets a requester declare a direct exchange", "ReplySession.EnsureExchangeAsync", "ExchangeType.Topic",
            "ExchangeType.Direct"),
        new("lets a requester declare a transient exchange", "ReplySession.EnsureExchangeAsync", "true", "false"),
    ]);
}
