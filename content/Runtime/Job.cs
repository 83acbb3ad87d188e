namespace ReWorker;

/// <summary>One job: what the requester wants, and how to send output, notifications and messages for it.</summary>
public class Job
{
    private readonly InFlightJob _inFlight;
    private readonly JobJson _json;

    internal Job(InFlightJob inFlight, JobJson json) => (_inFlight, _json) = (inFlight, json);

    /// <summary>The whole body: an object or a list.</summary>
    public JsonElement Body => Content.Body;

    /// <summary>The group that the release belongs to; empty if the job names none.</summary>
    public string Group => Content.Group;

    /// <summary>The playbook's parameters for this step as they came, including keys that no type declares.</summary>
    public JsonElement Parameters => Content.Parameters;

    /// <summary>The values supplied when the release was started, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Dynamic => Content.Dynamic;

    /// <summary>Identifies the release; everything that the job sends carries it. Null if the job has none.</summary>
    public string? CorrelationId => Properties.CorrelationId;

    /// <summary>The queue that the replies go to. Null if nobody waits for them.</summary>
    public string? ReplyTo => Properties.ReplyTo;

    /// <summary>Counted from 1; more than 1 if a worker died with the job.</summary>
    public int Attempt => _inFlight.Attempt;

    /// <summary>The log for users. Lines go to the bus in order, before the reply. Throws after the end.</summary>
    public ILogger Output => _inFlight.Output;

    /// <summary>The message's properties.</summary>
    public IReadOnlyBasicProperties Properties => _inFlight.Delivery.Properties;

    /// <summary>The message's delivery; after a reconnect, the newest.</summary>
    public DeliveryInfo Delivery => _inFlight.Delivery.Info;

    /// <summary>
    /// The channel that delivered the message. Settle the job by its own methods, and do nothing slow on the channel.
    /// </summary>
    /// <exception cref="InvalidOperationException">The job runs in a test harness, which has no channel.</exception>
    public IChannel Channel => _inFlight.Delivery.Source.Channel
        ?? throw new InvalidOperationException("A job in a test harness has no channel.");

    private JobContent Content => _inFlight.Content!;

    /// <summary>Sends a message as JSON and waits until the broker has confirmed it.</summary>
    /// <param name="topic">The routing key, at most 255 bytes.</param>
    /// <param name="message">A value whose type is in the worker's JSON context, or a JSON element or node.</param>
    /// <param name="exchange">The exchange; empty for the queue that <paramref name="topic"/> names.</param>
    /// <param name="correlationId">A correlation id other than the job's.</param>
    /// <param name="cancel">Ends the wait, not the sending.</param>
    /// <returns>False if no queue took the message.</returns>
    /// <exception cref="ArgumentException">Something is too long, or the message is a second status reply.</exception>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the job has ended.</exception>
    public async Task<bool> SendAsync(
        string topic, object message, string exchange = Names.Exchange, string? correlationId = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return await SendAsync(new(MessageKind.Sent, exchange, topic, _json.Serialize(message)), correlationId, cancel);
    }

    /// <summary>
    /// Notifies those whom the job lists under the phase, with one message for each channel. Replaces the runtime's own
    /// notification for the phase.
    /// </summary>
    /// <param name="slug">The short form; cut at 80 characters.</param>
    /// <param name="message">The long form.</param>
    /// <param name="phase">The phase that the notification is about.</param>
    /// <param name="correlationId">A correlation id other than the job's.</param>
    /// <param name="exchange">An exchange other than <c>re</c>.</param>
    /// <param name="cancel">Ends the wait, not the sending.</param>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the job has ended.</exception>
    public async Task NotifyAsync(
        string slug, string message, Phase phase, string? correlationId = null, string exchange = Names.Exchange,
        CancellationToken cancel = default)
    {
        _inFlight.MarkNotified(phase);
        foreach (var outgoing in OutgoingMessage.Notifications(Content.Notify, phase, slug, message, exchange))
            await SendAsync(outgoing, correlationId, cancel);
    }

    /// <summary>
    /// Acknowledges the job before its end. From then on it is at-most-once: if the worker dies, nobody answers it. If
    /// the connection is lost before the broker has the acknowledgement, another worker may already have the job.
    /// </summary>
    /// <exception cref="InvalidOperationException">The job is already settled, or has ended.</exception>
    public Task AckAsync(CancellationToken cancel = default) => SettleAsync(Settlement.Ack, cancel);

    /// <summary>
    /// Rejects the job before its end. With <paramref name="requeue"/>, the job runs again, and that run answers the
    /// requester; without, this run answers, and the message goes to the dead-letter queue.
    /// </summary>
    /// <exception cref="InvalidOperationException">The job is already settled, or has ended.</exception>
    public Task RejectAsync(bool requeue, CancellationToken cancel = default) =>
        SettleAsync(requeue ? Settlement.RequeueCounted : Settlement.DeadLetter, cancel);

    private Task SettleAsync(Settlement settlement, CancellationToken cancel)
    {
        if (_inFlight.TrySettle(settlement)) return _inFlight.Delivery.Source.FlushAsync(cancel);
        throw new InvalidOperationException(
            "The job is already settled: it can be acknowledged or rejected once, before its end.");
    }

    private Task<bool> SendAsync(OutgoingMessage message, string? correlationId, CancellationToken cancel)
    {
        SendRules.Check(message.RoutingKey, message.Exchange, correlationId, message.Body, ReplyTo);
        return _inFlight.Messages.SendAsync(message with { CorrelationId = correlationId }, cancel);
    }
}
