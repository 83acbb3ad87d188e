namespace ReWorker.Mutants.Defects;

/// <summary>Defects in what a job sends: numbers, limits, ids, properties and headers.</summary>
internal static class JobMessageDefects
{
    private static readonly string[] LineTests = ["JobLinesTests"];
    private static readonly string[] OrderTests = ["JobOrderTests"];
    private static readonly string[] PropertyTests = ["PendingMessageTests"];
    private static readonly string[] HeaderTests = ["HeaderRoomTests"];
    private static readonly string[] NotificationTests = ["OutgoingMessageTests"];

    public static DefectTable Table { get; } = new("Runtime/Publishing", ["JobMessagesTests"],
    [
        new("gives each message another job's id", "JobMessages.Id",
            """_id ??= Guid.CreateVersion7().ToString("N")""", """Guid.CreateVersion7().ToString("N")"""),
        new("does not ask whether an exchange exists", "JobMessages.SendAsync",
            "message.Exchange is not (Names.Exchange or Names.DefaultExchange)", "false"),
        new("asks for exchanges that every worker has", "JobMessages.SendAsync",
            "message.Exchange is not (Names.Exchange or Names.DefaultExchange)", "true"),
        new("asks whether its own exchange exists", "JobMessages.SendAsync",
            "message.Exchange is not (Names.Exchange or Names.DefaultExchange)",
            "message.Exchange is not Names.DefaultExchange"),
        new("sends before the broker has said that the exchange exists", "JobMessages.SendAsync",
            "await publisher.CheckExchangeAsync(message.Exchange, cancel);",
            "_ = publisher.CheckExchangeAsync(message.Exchange, cancel);"),
        new("runs the step's code on the thread of the confirms", "JobMessages.SendAsync",
            "TaskCreationOptions.RunContinuationsAsynchronously", "TaskCreationOptions.None"),
        new("sends a message that nobody waits for", "JobMessages.SendAsync",
            "message with { Waiter = confirmed }", "message"),
        new("waits for a confirm after the step was cancelled", "JobMessages.SendAsync",
            "confirmed.Task.WaitAsync(cancel)", "confirmed.Task"),
        new("sends a status to nobody", "JobMessages.SendStatus", "replyQueue is null", "false"),
        new("sends a status to the exchange", "JobMessages.SendStatus", "Names.DefaultExchange", "Names.Exchange"),
        new("gives a status the id of this run", "JobMessages.SendStatus", "correlationId ?? Id", "Id"),
        new("gives a status a new id", "JobMessages.SendStatus",
            "MessageIds.Status(correlationId ?? Id, status)", "null"),
        new("forgets who waits for a status", "JobMessages.SendStatus", "waiter", "null"),
        new("numbers messages of the runtime in another order", "JobMessages.SendInternal",
            "lock (_order) return Enqueue(message);", "return Enqueue(message);"),
        new("numbers messages of the step in another order", "JobMessages.Send",
            "lock (_order) { if (_sealed) throw new InvalidOperationException("
            + "\"The job has ended: nothing more can be sent for it.\"); Enqueue(message); }",
            "if (_sealed) throw new InvalidOperationException("
            + "\"The job has ended: nothing more can be sent for it.\"); Enqueue(message);"),
        new("counts no message as unconfirmed", "JobMessages.Enqueue", "Interlocked.Increment(ref _unconfirmed);", ""),
        new("counts a message after its confirm", "JobMessages.Enqueue",
            """
            {
                Interlocked.Increment(ref _unconfirmed);
                var pending = new PendingMessage(message, this, ++_sequence, time.GetUtcNow());
                publisher.Enqueue(pending);
                return pending;
            }
            """,
            """
            var pending = new PendingMessage(message, this, ++_sequence, time.GetUtcNow());
            publisher.Enqueue(pending);
            Interlocked.Increment(ref _unconfirmed);
            return pending;
            """),
        new("gives two messages one number", "JobMessages.Enqueue", "++_sequence", "_sequence = 1"),
        new("starts numbers at zero", "JobMessages.Enqueue", "++_sequence", "_sequence++"),
        new("enqueues nothing", "JobMessages.Enqueue", "publisher.Enqueue(pending);", ""),
        new("calls a job confirmed one message early", "JobMessages.CountDown",
            "Interlocked.Decrement(ref _unconfirmed) == 0", "Interlocked.Decrement(ref _unconfirmed) <= 1"),
        new("never calls a job confirmed", "JobMessages.CountDown",
            "if (Interlocked.Decrement(ref _unconfirmed) == 0) _confirmed.TrySetResult();", ""),
        new("counts a settled message twice", "JobMessages.HandleSettled", "CountDown();", "CountDown(); CountDown();"),
        new("counts no settled message", "JobMessages.HandleSettled", "CountDown();", ""),
        new("says that a returned message was taken", "JobMessages.HandleSettled", "!message.Unroutable", "true"),
        new("swaps taken and returned", "JobMessages.HandleSettled", "!message.Unroutable", "message.Unroutable"),
        new("hides why a message was given up", "JobMessages.HandleSettled",
            "message.Waiter?.TrySetException(error);", "message.Waiter?.TrySetResult(true);"),
        .. Lines.Select(mutant => mutant with { Tests = LineTests }),
        .. Order.Select(mutant => mutant with { Tests = OrderTests }),
        .. Properties.Select(mutant => mutant with { Tests = PropertyTests }),
        .. Headers.Select(mutant => mutant with { Tests = HeaderTests }),
        .. Notifications.Select(mutant => mutant with { Tests = NotificationTests }),
    ]);

    private static Mutant[] Lines =>
    [
        new("sends a line that is too large", "JobMessages.SendLine",
            "SendRules.Check(Names.Output, Names.Exchange, correlationId: null, body, replyTo: null);", ""),
        new("allows a line less", "JobMessages.SendLine", "MaxUnconfirmedLines", "MaxUnconfirmedLines - 1"),
        new("allows a line more", "JobMessages.SendLine", "MaxUnconfirmedLines", "MaxUnconfirmedLines + 1"),
        new("rejects a line of code that was told to stop", "JobMessages.SendLine", "CancellationToken.None", "cancel"),
        new("lets code that was told to stop wait for a slot", "JobMessages.SendLine",
            "slots.Wait(cancel);", "slots.Wait(50);"),
        new("sends a line without a slot", "JobMessages.SendLine",
            "if (!slots.Wait(0, CancellationToken.None)) slots.Wait(cancel);",
            "slots.Wait(0, CancellationToken.None);"),
        new("keeps the slot of a rejected line", "JobMessages.SendLine", "slots.Release();", ""),
        new("sends output under another key", "JobMessages.SendLine",
            "new OutgoingMessage(MessageKind.Output, Names.Exchange, Names.Output, body)",
            "new OutgoingMessage(MessageKind.Output, Names.Exchange, \"log\", body)"),
        new("accepts messages of a job that has ended", "JobMessages.Seal", "_sealed = true;", ""),
        new("lets lines of a job that has ended wait for ever", "JobMessages.Seal", "_lineSlots?.Release();", ""),
        new("rejects what the runtime sends after the end", "JobMessages.SendInternal", "Enqueue(message)",
            "_sealed ? throw new InvalidOperationException() : Enqueue(message)"),
        new("frees no slot for a confirmed line", "JobMessages.HandleSettled", "_lineSlots?.Release();", ";"),
        new("frees a slot for any confirmed message", "JobMessages.HandleSettled",
            "message.Kind is MessageKind.Output", "true"),
    ];

    private static Mutant[] Order =>
    [
        new("does not send the next after a nacked message", "JobMessages.HandleSettled",
            "Volatile.Read(ref _nacked)?.HandleSettled(message);", ""),
        new("lets a nacked notification hold up the job", "JobMessages.HandleNacked", "message.IsOrdered", "true"),
        new("gives each nacked message a pause of its own", "JobMessages.HandleNacked", "message.IsOrdered", "false"),
        new("loses a nacked message", "JobMessages.HandleNacked", "nacked.Add(message);", ""),
        new("lets notifications wait for a nacked status", "JobMessages.MustWait",
            "message.IsOrdered && Volatile.Read(ref _nacked)?.MustWait(message) is true",
            "Volatile.Read(ref _nacked)?.MustWait(message) is true"),
        new("lets nothing wait for a nacked message", "JobMessages.MustWait",
            "Volatile.Read(ref _nacked)?.MustWait(message) is true", "false"),
        new("lets everything wait that nothing has to wait for", "JobMessages.MustWait",
            "Volatile.Read(ref _nacked)?.MustWait(message) is true",
            "Volatile.Read(ref _nacked)?.MustWait(message) is not false"),
    ];

    private static Mutant[] Properties =>
    [
        new("gives a message the id of the first", "PendingMessage.MessageId",
            "owner.NextId(sequence)", "owner.NextId(1)"),
        new("ignores the id that a message was given", "PendingMessage.MessageId",
            "message.MessageId ?? owner.NextId(sequence)", "owner.NextId(sequence)"),
        new("ignores the correlation id that a message was given", "PendingMessage.CorrelationId",
            "message.CorrelationId ?? owner.CorrelationId", "owner.CorrelationId"),
        new("orders statuses only", "PendingMessage.IsOrdered",
            "Kind is MessageKind.Status or MessageKind.Output", "Kind is MessageKind.Status"),
        new("orders output only", "PendingMessage.IsOrdered",
            "Kind is MessageKind.Status or MessageKind.Output", "Kind is MessageKind.Output"),
        new("orders every message", "PendingMessage.IsOrdered",
            "Kind is MessageKind.Status or MessageKind.Output", "true"),
        new("recognizes a returned message by its id alone", "PendingMessage.Matches",
            "RoutingKey == routingKey", "true"),
        new("recognizes a returned message by its key alone", "PendingMessage.Matches",
            "properties.MessageId == MessageId", "true"),
        new("recognizes a returned copy by its id alone", "PendingMessage.Matches", "body.SequenceEqual(Body)", "true"),
        new("recognizes a returned copy by its body alone", "PendingMessage.Matches",
            "properties.MessageId == ShortStrings.OrNull(original.MessageId)", "true"),
        new("does not recognize a copy whose id was left out", "PendingMessage.Matches",
            "ShortStrings.OrNull(original.MessageId)", "original.MessageId"),
        new("sends messages that a restart of the broker loses", "PendingMessage.ToProperties",
            "properties.Persistent = true;", ""),
        new("sends messages without their type", "PendingMessage.ToProperties",
            "Names.JsonContent", "null"),
        new("sends a correlation id that does not fit", "PendingMessage.ToProperties",
            "ShortStrings.OrNull(CorrelationId)", "CorrelationId"),
        new("sends messages without an app id", "PendingMessage.ToProperties", "owner.AppId", "null"),
        new("sends messages without an id", "PendingMessage.ToProperties",
            "properties.Persistent = true;", "properties.Persistent = true; properties.ClearMessageId();"),
        new("sends a message under the time of its attempt", "PendingMessage.ToProperties",
            "timestamp.ToUnixTimeSeconds()", "DateTimeOffset.UtcNow.ToUnixTimeSeconds()"),
        new("sends timestamps in milliseconds", "PendingMessage.ToProperties",
            "timestamp.ToUnixTimeSeconds()", "timestamp.ToUnixTimeMilliseconds()"),
        new("sends messages without their trace", "PendingMessage.ToProperties",
            """headers["traceparent"] = traceParent;""", ";"),
        new("sends messages without the state of their trace", "PendingMessage.ToProperties",
            """headers["tracestate"] = traceState;""", ";"),
        new("adds no headers", "PendingMessage.ToProperties",
            "foreach (var (key, value) in added) headers[key] = value;", ""),
        new("makes no room for added headers", "PendingMessage.ToProperties", "HeaderRoom.Apply(headers, added);", ""),
        new("copies another user's name", "PendingMessage.Copy", "copy.ClearUserId();", ""),
        new("parks a job that expires", "PendingMessage.Copy",
            "if (Kind is MessageKind.Parked) copy.ClearExpiration();", ""),
        new("takes away when a republished job expires", "PendingMessage.Copy", "Kind is MessageKind.Parked", "true"),
        new("copies properties that do not fit", "PendingMessage.Copy", "ShortStrings.ClearOversized(copy);", ""),
        new("copies further queues", "PendingMessage.Copy", """header.Key is not ("CC" or "BCC")""", "true"),
        new("copies further queues in BCC", "PendingMessage.Copy",
            """header.Key is not ("CC" or "BCC")""", """header.Key is not "CC" """),
        new("copies header names that do not fit", "PendingMessage.Copy", "ShortStrings.Fits(header.Key)", "true"),
        new("copies no headers", "PendingMessage.Copy",
            "original.Headers ?? new Dictionary<string, object?>()", "new Dictionary<string, object?>()"),
        new("fails to copy a job without headers", "PendingMessage.Copy",
            "original.Headers ?? new Dictionary<string, object?>()", "original.Headers!"),
    ];

    private static Mutant[] Headers =>
    [
        new("keeps headers that are nested too deeply", "HeaderRoom.Apply",
            "IsDeeper(header.Value, MaxDepth)", "false"),
        new("keeps headers nested one level too deep", "HeaderRoom.Apply",
            "IsDeeper(header.Value, MaxDepth)", "IsDeeper(header.Value, MaxDepth + 1)"),
        new("drops headers nested just deep enough", "HeaderRoom.Apply",
            "IsDeeper(header.Value, MaxDepth)", "IsDeeper(header.Value, MaxDepth - 1)"),
        new("lists deep headers as dropped and keeps them", "HeaderRoom.Apply",
            "foreach (var name in dropped) headers.Remove(name);", ""),
        new("drops required headers", "HeaderRoom.Apply", "!required.ContainsKey(header.Key)", "true"),
        new("drops the smallest headers first", "HeaderRoom.Apply",
            "headers.Where(header => !required.ContainsKey(header.Key)).OrderByDescending(SizeOf)",
            "headers.Where(header => !required.ContainsKey(header.Key)).OrderBy(SizeOf)"),
        new("drops a header that just fits", "HeaderRoom.Apply", "size > MaxBytes", "size >= MaxBytes"),
        new("keeps a byte too much", "HeaderRoom.Apply", "size > MaxBytes", "size > MaxBytes + 1"),
        new("drops more headers than needed", "HeaderRoom.Apply", "size -= SizeOf(largest);", ""),
        new("lists large headers as dropped and keeps them", "HeaderRoom.Apply", "headers.Remove(largest.Key);", ""),
        new("does not list the large headers that it dropped", "HeaderRoom.Apply", "dropped.Add(largest.Key);", ""),
        new("always lists dropped headers", "HeaderRoom.Apply", "dropped.Count > 0", "true"),
        new("lists every dropped header", "HeaderRoom.Apply", "dropped.Take(MaxNamesListed)", "dropped"),
        new("lists one dropped header less", "HeaderRoom.Apply", "MaxNamesListed", "MaxNamesListed - 1"),
        new("counts no name of a header", "HeaderRoom.SizeOf", "Encoding.UTF8.GetByteCount(header.Key)", "0"),
        new("counts characters of a name", "HeaderRoom.SizeOf",
            "Encoding.UTF8.GetByteCount(header.Key)", "header.Key.Length"),
        new("counts no overhead of a header", "HeaderRoom.SizeOf",
            "8 + Encoding.UTF8.GetByteCount(header.Key) + SizeOf(header.Value)",
            "Encoding.UTF8.GetByteCount(header.Key) + SizeOf(header.Value)"),
        new("counts characters of a text", "HeaderRoom.SizeOf", "Encoding.UTF8.GetByteCount(text)", "text.Length"),
        new("counts no bytes", "HeaderRoom.SizeOf", "bytes.Length", "16"),
        new("counts no table", "HeaderRoom.SizeOf", "table.Sum(SizeOf)", "16"),
        new("counts no list", "HeaderRoom.SizeOf", "list.Cast<object?>().Sum(item => 8 + SizeOf(item))", "16"),
        new("counts no overhead of a list's values", "HeaderRoom.SizeOf", "8 + SizeOf(item)", "SizeOf(item)"),
        new("takes every table for too deep", "HeaderRoom.IsDeeper",
            "levels == 0 || table.Values.Any(item => IsDeeper(item, levels - 1))", "true"),
        new("does not look into tables", "HeaderRoom.IsDeeper",
            "table.Values.Any(item => IsDeeper(item, levels - 1))", "false"),
        new("does not look into lists", "HeaderRoom.IsDeeper",
            "list.Cast<object?>().Any(item => IsDeeper(item, levels - 1))", "false"),
    ];

    private static Mutant[] Notifications =>
    [
        new("ignores the exchange that notifications are for", "OutgoingMessage.Notifications",
            "new OutgoingMessage(MessageKind.Notification, exchange, Names.Notification(channel.Key), "
            + "Bodies.Notification(slug, message, phase, channel.Value))",
            "new OutgoingMessage(MessageKind.Notification, Names.DefaultExchange, Names.Notification(channel.Key), "
            + "Bodies.Notification(slug, message, phase, channel.Value))"),
        new("sends notifications of another phase", "OutgoingMessage.Notifications",
            "notify.For(phase)", "notify.For(Phase.Failed)"),
        new("sends notifications under the channel's bare name", "OutgoingMessage.Notifications",
            "Names.Notification(channel.Key)", "channel.Key"),
        new("swaps a notification's slug and message", "OutgoingMessage.Notifications",
            "Bodies.Notification(slug, message, phase, channel.Value)",
            "Bodies.Notification(message, slug, phase, channel.Value)"),
    ];
}
