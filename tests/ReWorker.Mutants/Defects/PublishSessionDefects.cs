namespace ReWorker.Mutants.Defects;

/// <summary>Defects in publishing on one channel, and in the question whether an exchange exists.</summary>
internal static class PublishSessionDefects
{
    private static readonly string[] DetachTests = ["DetachTests"];
    private static readonly string[] RoomTests = ["WaitForRoomTests"];
    private static readonly string[] TimeoutTests = ["ConfirmTimeoutTests"];
    private static readonly string[] ExchangeTests = ["ExchangeCheckTests"];

    public static DefectTable Table { get; } = new("Runtime/Publishing", ["PublishSessionTests"],
    [
        new("blames a message for a close by the client", "PublishSession.WasClosedOverAMessage",
            "epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 400 }",
            "epoch.PublishChannel.CloseReason is { ReplyCode: >= 400 }") { Tests = DetachTests },
        new("blames a message for a forced close", "PublishSession.WasClosedOverAMessage",
            "epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 400 }",
            "epoch.PublishChannel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 300 }")
            { Tests = DetachTests },
        new("publishes during an alarm", "PublishSession.WaitForRoomAsync",
            "await epoch.Alarm.WaitForEndAsync(epoch.Ended);", "") { Tests = RoomTests },
        new("waits for the end of an alarm when the epoch has ended", "PublishSession.WaitForRoomAsync",
            "epoch.Alarm.WaitForEndAsync(epoch.Ended)", "epoch.Alarm.WaitForEndAsync(CancellationToken.None)")
            { Tests = RoomTests },
        new("publishes into a full window", "PublishSession.WaitForRoomAsync",
            "while (IsFull()) await _room.WaitAsync(epoch.Ended);", "") { Tests = RoomTests },
        new("believes each release of room", "PublishSession.WaitForRoomAsync",
            "while (IsFull()) await _room.WaitAsync(epoch.Ended);",
            "if (IsFull()) await _room.WaitAsync(epoch.Ended);") { Tests = RoomTests },
        new("waits for room when the epoch has ended", "PublishSession.WaitForRoomAsync",
            "_room.WaitAsync(epoch.Ended)", "_room.WaitAsync()") { Tests = RoomTests },
        new("publishes in an epoch that has ended", "PublishSession.WaitForRoomAsync",
            "epoch.Ended.ThrowIfCancellationRequested();", "") { Tests = RoomTests },
        new("does not note when a message was written", "PublishSession.Track",
            "(message.WrittenAt, message.Unroutable) = (time.GetTimestamp(), false);", "message.Unroutable = false;")
            { Tests = TimeoutTests },
        new("counts a message as unroutable after it was sent again", "PublishSession.Track",
            "(message.WrittenAt, message.Unroutable) = (time.GetTimestamp(), false);",
            "message.WrittenAt = time.GetTimestamp();"),
        new("publishes a message without tracking it", "PublishSession.Track", "_window.Add(message);", ""),
        new("publishes to the default exchange only", "PublishSession.WriteAsync", "message.Exchange", "\"\""),
        new("publishes on when the epoch has ended", "PublishSession.WriteAsync",
            "epoch.Ended", "CancellationToken.None"),
        new("does not give up a message that the client cannot encode", "PublishSession.WriteAsync",
            """message.Error = new InvalidOperationException($"the message cannot be written: {e.Message}");""", ""),
        new("hides that the client could not write a message", "PublishSession.WriteAsync", "throw;", ""),
        new("takes an ack for a nack", "PublishSession.WatchConfirmsAsync",
            "HandleConfirm(ack.DeliveryTag, ack.Multiple, isNack: false)",
            "HandleConfirm(ack.DeliveryTag, ack.Multiple, isNack: true)"),
        new("takes a nack for an ack", "PublishSession.WatchConfirmsAsync",
            "HandleConfirm(nack.DeliveryTag, nack.Multiple, isNack: true)",
            "HandleConfirm(nack.DeliveryTag, nack.Multiple, isNack: false)"),
        new("confirms one message of many", "PublishSession.WatchConfirmsAsync", "ack.Multiple", "false"),
        new("takes one nacked message of many", "PublishSession.WatchConfirmsAsync", "nack.Multiple", "false"),
        new("does not listen to nacks", "PublishSession.WatchConfirmsAsync",
            "channel.BasicNacksAsync += "
            + "(_, nack) => HandleConfirm(nack.DeliveryTag, nack.Multiple, isNack: true);", ""),
        new("does not listen to returns", "PublishSession.WatchConfirmsAsync",
            "channel.BasicReturnAsync += HandleReturn;", ""),
        new("looks for late confirms every five seconds only", "PublishSession.WatchConfirmsAsync",
            "WatchInterval", "10 * WatchInterval") { Tests = TimeoutTests },
        new("watches confirms of an epoch that has ended", "PublishSession.WatchConfirmsAsync",
            "timer.WaitForNextTickAsync(epoch.Ended)", "timer.WaitForNextTickAsync(CancellationToken.None)")
            { Tests = TimeoutTests },
        new("ends the epoch during an alarm", "PublishSession.WatchConfirmsAsync",
            "epoch.Alarm.IsRaised || oldest is null", "oldest is null") { Tests = TimeoutTests },
        new("counts the time of an alarm as waiting", "PublishSession.WatchConfirmsAsync",
            "Math.Max(oldest.WrittenAt, epoch.Alarm.EndedAt)", "oldest.WrittenAt") { Tests = TimeoutTests },
        new("counts from an alarm even before a message was written", "PublishSession.WatchConfirmsAsync",
            "Math.Max(oldest.WrittenAt, epoch.Alarm.EndedAt)",
            "epoch.Alarm.EndedAt > 0 ? epoch.Alarm.EndedAt : oldest.WrittenAt") { Tests = TimeoutTests },
        new("ends the epoch at the confirm timeout instead of after it", "PublishSession.WatchConfirmsAsync",
            "time.GetElapsedTime(Math.Max(oldest.WrittenAt, epoch.Alarm.EndedAt)) <= confirmTimeout",
            "time.GetElapsedTime(Math.Max(oldest.WrittenAt, epoch.Alarm.EndedAt)) < confirmTimeout")
            { Tests = TimeoutTests },
        new("waits for a confirm for ever", "PublishSession.WatchConfirmsAsync",
            "epoch.End(new Loss(LossReason.ConfirmTimeout, detail));", "") { Tests = TimeoutTests },
        new("gives another reason for a late confirm", "PublishSession.WatchConfirmsAsync",
            "LossReason.ConfirmTimeout", "LossReason.Publishing") { Tests = TimeoutTests },
        new("settles what a late confirm is for", "PublishSession.Detach", "_isDetached = true;", "")
            { Tests = DetachTests },
        new("takes back one unconfirmed message only", "PublishSession.Detach",
            "_window.Take(ulong.MaxValue, multiple: true, left);",
            "if (_window.Oldest is { } oldest) left.Add(oldest);") { Tests = ["DetachTests", "ResendTests"] },
        new("does not give up what cannot be written", "PublishSession.Detach",
            "foreach (var givenUp in left.Where(message => message.Error is not null)) settled(givenUp);", "")
            { Tests = DetachTests },
        new("gives up what can still be written", "PublishSession.Detach",
            "left.Where(message => message.Error is not null)", "left") { Tests = DetachTests },
        new("sends again what it has given up", "PublishSession.Detach",
            "left.FindAll(message => message.Error is null)", "left") { Tests = DetachTests },
        new("gives up a status without a right to the reply queue", "PublishSession.IsCulprit",
            "alone.Kind is MessageKind.Sent or MessageKind.Notification", "true") { Tests = DetachTests },
        new("keeps a message to an exchange without a right to it", "PublishSession.IsCulprit",
            "alone.Kind is MessageKind.Sent or MessageKind.Notification", "false") { Tests = DetachTests },
        new("gives up output whose exchange is missing", "PublishSession.IsCulprit",
            "alone.Exchange is not (Names.Exchange or Names.DefaultExchange)", "true") { Tests = DetachTests },
        new("keeps a message to a missing exchange", "PublishSession.IsCulprit",
            "alone.Exchange is not (Names.Exchange or Names.DefaultExchange)", "false") { Tests = DetachTests },
        new("blames a message for the broker's second failure", "PublishSession.IsCulprit",
            "++alone.Owner.BrokerFailures >= MaxBrokerFailures", "++alone.Owner.BrokerFailures >= 2")
            { Tests = DetachTests },
        new("blames a message for the broker's fourth failure only", "PublishSession.IsCulprit",
            "++alone.Owner.BrokerFailures >= MaxBrokerFailures", "++alone.Owner.BrokerFailures > MaxBrokerFailures")
            { Tests = DetachTests },
        new("does not count failures of the broker", "PublishSession.IsCulprit",
            "++alone.Owner.BrokerFailures >= MaxBrokerFailures", "alone.Owner.BrokerFailures >= MaxBrokerFailures")
            { Tests = DetachTests },
        new("ignores the quarantine", "PublishSession.IsFull",
            "_quarantined > 0 && !_window.IsEmpty", "false") { Tests = RoomTests },
        new("waits in quarantine before the first message", "PublishSession.IsFull",
            "_quarantined > 0 && !_window.IsEmpty", "_quarantined > 0") { Tests = RoomTests },
        new("stays in quarantine for one message more", "PublishSession.IsFull",
            "_quarantined > 0", "_quarantined >= 0") { Tests = RoomTests },
        new("leaves the quarantine one message early", "PublishSession.IsFull",
            "_quarantined > 0", "_quarantined > 1") { Tests = RoomTests },
        new("forgets which message was returned", "PublishSession.HandleReturn",
            "if (message is not null) message.Unroutable = true;", ""),
        new("fails at the return of an unknown message", "PublishSession.HandleReturn",
            "if (message is not null) message.Unroutable = true;", "message!.Unroutable = true;"),
        new("settles the messages of earlier confirms again", "PublishSession.HandleConfirm", "_done.Clear();", ""),
        new("never ends the quarantine", "PublishSession.HandleConfirm", "_quarantined -= _done.Count;", "")
            { Tests = RoomTests },
        new("ends the quarantine with the first confirm", "PublishSession.HandleConfirm",
            "_quarantined -= _done.Count;", "_quarantined = 0;") { Tests = RoomTests },
        new("tells nobody that there is room", "PublishSession.HandleConfirm",
            "if (wasFull && !IsFull()) _room.Release();", "") { Tests = RoomTests },
        new("tells that there is room only while there is none", "PublishSession.HandleConfirm",
            "wasFull && !IsFull()", "wasFull && IsFull()") { Tests = RoomTests },
        new("counts no confirm", "PublishSession.HandleConfirm", "Count(message, isNack);", ""),
        new("settles what the broker nacked as well", "PublishSession.HandleConfirm",
            "if (isNack) message.Owner.HandleNacked(message); else settled(message);",
            "if (isNack) message.Owner.HandleNacked(message); settled(message);"),
        new("counts a nack without its error", "PublishSession.Count",
            "isNack || message.Unroutable", "message.Unroutable"),
        new("counts a returned message without its error", "PublishSession.Count",
            "isNack || message.Unroutable", "isNack"),
        new("counts a nack as unroutable", "PublishSession.Count",
            """isNack ? "nacked" : "unroutable" """, "\"unroutable\""),
        .. Exchanges,
    ]);

    private static Mutant[] Exchanges =>
    [
        new("asks for an exchange each time", "ExchangeCheck.FindAsync",
            "if (_known.ContainsKey(exchange)) return true;", "") { Tests = ExchangeTests },
        new("knows every exchange after the first", "ExchangeCheck.FindAsync",
            "_known.ContainsKey(exchange)", "!_known.IsEmpty") { Tests = ExchangeTests },
        new("forgets that an exchange exists", "ExchangeCheck.FindAsync", "_known.TryAdd(exchange, true);", "")
            { Tests = ExchangeTests },
        new("asks for an exchange on the connection that publishes", "ExchangeCheck.FindAsync",
            "epoch.ConsumeConnection", "epoch.PublishConnection") { Tests = ExchangeTests },
        new("asks for no exchange", "ExchangeCheck.FindAsync",
            "await channel.ExchangeDeclarePassiveAsync(exchange, token);", "") { Tests = ExchangeTests },
        new("blames the step for an exchange that a lost connection does not see", "ExchangeCheck.FindAsync",
            "e.ShutdownReason is { ReplyCode: 403 or 404 } && !epoch.Ended.IsCancellationRequested",
            "e.ShutdownReason is { ReplyCode: 403 or 404 }") { Tests = ExchangeTests },
        new("waits for an exchange that the user may not see", "ExchangeCheck.FindAsync",
            "e.ShutdownReason is { ReplyCode: 403 or 404 }", "e.ShutdownReason is { ReplyCode: 404 }")
            { Tests = ExchangeTests },
        new("says that a forbidden exchange does not exist", "ExchangeCheck.FindAsync",
            "answer.ReplyCode is 404", "true") { Tests = ExchangeTests },
        new("takes a cancelled question for a lost connection", "ExchangeCheck.FindAsync",
            "!cancel.IsCancellationRequested", "true") { Tests = ExchangeTests },
        new("throws whatever the client of a lost connection throws", "ExchangeCheck.FindAsync",
            "epoch.Ended.IsCancellationRequested || e is TimeoutException or OperationCanceledException or "
            + "OperationInterruptedException or IOException",
            "e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException")
            { Tests = ExchangeTests },
        new("fails a step over a broken connection", "ExchangeCheck.FindAsync",
            "e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException",
            "e is TimeoutException or OperationCanceledException or OperationInterruptedException")
            { Tests = ExchangeTests },
        new("fails a step over a broker that does not answer", "ExchangeCheck.FindAsync",
            "e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException",
            "e is OperationCanceledException or OperationInterruptedException or IOException")
            { Tests = ExchangeTests },
        new("fails a step over a failure of the broker", "ExchangeCheck.FindAsync",
            "e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException",
            "e is TimeoutException or OperationCanceledException or IOException") { Tests = ExchangeTests },
        new("finds an exchange that nobody answered for", "ExchangeCheck.FindAsync", "return false;", "return true;")
            { Tests = ExchangeTests },
    ];
}
