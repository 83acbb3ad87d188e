namespace ReWorker.Mutants.Defects;

/// <summary>The verb <c>dead</c>: what could lose or repeat a parked job, or show it wrongly.</summary>
internal static class CommandLineDeadDefects
{
    private static readonly string[] _job = ["DeadJobTests"], _selection = ["DeadSelectionTests"];
    private static readonly string[] _verb = ["DeadVerbTests"];

    public static DefectTable Table { get; } = new("Tools/CommandLine", ["DeadQueueTests", "DeadQueueOpenTests"],
    [
        new("acknowledges a parked job before its copy is confirmed", "DeadQueue.MoveAsync",
            """
            await RunAsync($"publishing to {to}", token => channel
                .BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask());
            """,
            """
            var publishing = RunAsync($"publishing to {to}", token => channel
                .BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask());
            await channel.BasicAckAsync(job.DeliveryTag, multiple: false);
            await publishing;
            """),
        new("does not wait for the confirm of a replayed job", "DeadQueue.MoveAsync",
            """
            await RunAsync($"publishing to {to}", token => channel
                .BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask());
            """,
            """
            _ = RunAsync($"publishing to {to}", token => channel
                .BasicPublishAsync(Names.DefaultExchange, to, mandatory: true, properties, job.Body, token).AsTask());
            """),
        new("acknowledges a parked job whose copy was not confirmed in time", "DeadQueue.MoveAsync",
            "throw new TimeoutException($\"{e.Message}; has the broker raised an alarm? {advice}\", e);",
            "await DropAsync(job); throw new TimeoutException(advice, e);"),
        new("replays without the mandatory flag", "DeadQueue.MoveAsync", "true", "false"),
        new("never acknowledges a parked job that it has moved", "DeadQueue.MoveAsync", "await DropAsync(job);", ""),
        new("opens its channel without confirms", "DeadQueue.OpenAsync",
            "new CreateChannelOptions(true, true)", "new CreateChannelOptions(false, false)"),
        new("opens its channel without tracking confirms", "DeadQueue.OpenAsync",
            "new CreateChannelOptions(true, true)", "new CreateChannelOptions(true, false)"),
        new("acknowledges every parked job up to the one", "DeadQueue.DropAsync", "false", "true"),
        new("forgets that a parked job is settled", "DeadQueue.DropAsync", "_settled.Add(job.DeliveryTag);", ""),
        new("does not acknowledge a dropped job", "DeadQueue.DropAsync",
            "await channel.BasicAckAsync(job.DeliveryTag, multiple: false);", "await Task.Yield();"),
        new("takes a job from the queue by reading it", "DeadQueue.ReadAsync",
            "channel.BasicGetAsync(name, false, token)", "channel.BasicGetAsync(name, true, token)"),
        new("reads one parked job too many", "DeadQueue.ReadAsync", "number <= count", "number <= count + 1"),
        new("reads one parked job too few", "DeadQueue.ReadAsync", "number <= count", "number < count"),
        new("reads on after an interrupt", "DeadQueue.ReadAsync", "cancel.ThrowIfCancellationRequested();", ""),
        new("publishes a parked job again one read too late", "DeadQueue.ReadAsync",
            "job.Reads >= MaxReads", "job.Reads > MaxReads"),
        new("changes the order of parked jobs", "DeadQueue.ReadAsync",
            "mustRepark |= job.Reads >= MaxReads;", "mustRepark = job.Reads >= MaxReads;"),
        new("never publishes a parked job again", "DeadQueue.ReadAsync",
            "mustRepark && !_settled.Contains(job.DeliveryTag)", "false"),
        new("publishes a settled job again", "DeadQueue.ReadAsync",
            "mustRepark && !_settled.Contains(job.DeliveryTag)", "mustRepark"),
        new("parks a job again as a replayed one", "DeadQueue.ReadAsync", "job.ToRepark()", "job.ToReplay()"),
        new("replays a job into the dead-letter queue", "DeadQueue.ReplayAsync",
            "await MoveAsync(job, worker, job.ToReplay());", "await MoveAsync(job, name, job.ToReplay());"),
        new("takes a missing queue for a full one", "DeadQueue.ReplayAsync", "e.IsReturn", "!e.IsReturn"),
        new("waits an hour for the broker", "DeadQueue.CallTimeout",
            "TimeSpan.FromSeconds(30)", "TimeSpan.FromHours(1)"),
        new("does not wait for the last acknowledgements", "DeadQueue.FlushAsync",
            "RunAsync($\"acknowledging jobs of {name}\", token => channel.QueueDeclarePassiveAsync(name, token))",
            "Task.CompletedTask"),
        new("fails to close a connection that was lost", "DeadQueue.DisposeAsync",
            "e is AlreadyClosedException or OperationInterruptedException or TimeoutException",
            "e is AlreadyClosedException or TimeoutException"),
        new("leaves its connection open", "DeadQueue.DisposeAsync", "await connection.DisposeAsync();", ""),
        new("leaves its connection open if there is no queue", "DeadQueue.OpenAsync",
            "await connection.DisposeAsync();", ""),
        new("reports a missing right as a missing queue", "DeadQueue.OpenAsync",
            "e.ShutdownReason?.ReplyCode is 404", "true"),
        new("opens the worker's queue instead of the dead-letter queue", "DeadQueue.OpenAsync",
            "Names.DeadQueue(Names.Queue(queue))", "Names.Queue(queue)"),
        new("does not report a broker that is away", "DeadQueue.ConnectAsync",
            "throw new NoBrokerException(source.Address, e);", "throw;"),
        new("advises to start a broker that rejects the password", "NoBrokerException.Advice",
            "BrokerFault.IsAuthenticationFailure(why)", "false"),

        new("replays a job with the message id that its worker knows", "DeadJob.ToReplay",
            "new(Copy([.. BrokerHeaders, .. HistoryHeaders])) { MessageId = $\"replay:{_digest[..32]}\" }",
            "new(Copy([.. BrokerHeaders, .. HistoryHeaders]))") { Tests = _job },
        new("replays a job with its count of attempts", "DeadJob.ToReplay",
            "[.. BrokerHeaders, .. HistoryHeaders]", "BrokerHeaders") { Tests = _job },
        new("replays a job under a new id each time", "DeadJob.ToReplay",
            "_digest[..32]", "Guid.NewGuid().ToString(\"n\")") { Tests = _job },
        new("parks a job again without its history", "DeadJob.ToRepark",
            "Copy(BrokerHeaders)", "Copy([.. BrokerHeaders, .. HistoryHeaders])") { Tests = _job },
        new("parks a job again with its count of reads", "DeadJob.ToRepark",
            "Copy(BrokerHeaders)", "Copy([])") { Tests = _job },
        new("publishes a parked job as transient", "DeadJob.Copy", "true", "false") { Tests = _job },
        new("publishes a parked job under another user's name", "DeadJob.Copy", "copy.ClearUserId();", "")
        {
            Tests = _job,
        },
        new("publishes a parked job with its expiry", "DeadJob.Copy", "copy.ClearExpiration();", "") { Tests = _job },
        new("drops all headers of a parked job", "DeadJob.Copy",
            "!withoutPrefixes.Any(prefix => header.Key.StartsWith(prefix, StringComparison.Ordinal))", "false")
        {
            Tests = _job,
        },
        new("changes a parked job's id with its place", "DeadJob.DeadJob",
            "string.Join('\\n', Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo, parkedAt)",
            "string.Join('\\n', number, Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo, parkedAt)")
        {
            Tests = _job,
        },
        new("gives jobs that differ in their body one id", "DeadJob.DeadJob",
            "[.. Encoding.UTF8.GetBytes(identity), .. Body]", "Encoding.UTF8.GetBytes(identity)") { Tests = _job },
        new("gives jobs that were parked twice one id", "DeadJob.DeadJob",
            "string.Join('\\n', Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo, parkedAt)",
            "string.Join('\\n', Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo)") { Tests = _job },
        new("does not read how often a job was read", "DeadJob.Reads",
            "long.TryParse(Properties.Text(ReadCount), out var count) ? count : 0", "0L") { Tests = _job },
        new("shows the broker's first death", "DeadJob.DeadJob",
            "(deaths as IList<object?>)?.FirstOrDefault()", "(deaths as IList<object?>)?.LastOrDefault()")
        {
            Tests = _job,
        },
        new("shows a header's type instead of its text", "DeadHeaders.Format",
            "Encoding.UTF8.GetString(bytes)", "bytes.ToString()!") { Tests = _job },

        new("selects every job if some are named", "DeadSelection.Includes",
            "_all || matches.Length > 0", "true") { Tests = _selection },
        new("selects none with --all", "DeadSelection.Includes",
            "_all || matches.Length > 0", "matches.Length > 0") { Tests = _selection },
        new("reports jobs as missing that it found", "DeadSelection.Includes",
            "_found.UnionWith(matches);", "") { Tests = _selection },
        new("selects by correlation id where a number was given", "DeadSelection.Matches",
            "isNumber ? word == $\"{job.Number}\" : word == job.Id || word == job.CorrelationId",
            "word == $\"{job.Number}\" || word == job.Id || word == job.CorrelationId") { Tests = _selection },
        new("takes an id of digits for a number", "DeadSelection.Matches",
            "word.Length < DeadJob.IdLength", "word.Length <= DeadJob.IdLength") { Tests = _selection },
        new("drops all jobs if none is named", "DeadSelection.DeadSelection",
            "all == wanted.Length > 0", "all && wanted.Length > 0") { Tests = _selection },
        new("takes jobs and all together", "DeadSelection.DeadSelection",
            "all == wanted.Length > 0", "!all && wanted.Length == 0") { Tests = _selection },

        new("handles jobs that were not selected", "DeadVerb.RunAsync",
            "!selection.Includes(job)", "!selection.Includes(job) && false") { Tests = _verb },
        new("exits with 0 if a selected job is missing", "DeadVerb.RunAsync",
            "selection.Missing.Any()", "false") { Tests = _verb },
        new("does not count what it has done", "DeadVerb.RunAsync", "count++;", "") { Tests = _verb },
        new("drops what it should replay", "DeadVerb.ReplayAsync",
            "await queue.ReplayAsync(job);", "await queue.DropAsync(job);") { Tests = _verb },
        new("replays what it should drop", "DeadVerb.DropAsync",
            "await queue.DropAsync(job);", "await queue.ReplayAsync(job);") { Tests = _verb },
        new("says nothing if it fails halfway", "DeadVerb.RunAsync",
            "done is not null", "done is not null && count > 0") { Tests = _verb },
        new("shows no headers", "DeadVerb.ShowAsync",
            "Show(\"header\", $\"{key}: {DeadHeaders.Format(value)}\");", "") { Tests = _verb },
    ]);
}
