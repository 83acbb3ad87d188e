using System.Text.Json;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker;

/// <summary>One job: what the requester wants, and the ways to talk about it.</summary>
public class Job
{
    private readonly JobContext _context;

    internal Job(JobContext context) => _context = context;

    /// <summary>The whole body: an object or a list.</summary>
    public JsonElement Body => _context.Content.Body;

    /// <summary>The group that the release belongs to; empty if the job names none.</summary>
    public string Group => _context.Content.Group;

    /// <summary>What the playbook says of this step, as it came: keys that no type declares are here too.</summary>
    public JsonElement Parameters => _context.Content.Parameters;

    /// <summary>The values given when the release was started, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Dynamic => _context.Content.Dynamic;

    /// <summary>Names the release; everything that the job sends carries it. Null if the job has none.</summary>
    public string? CorrelationId => Properties.CorrelationId;

    /// <summary>The queue that the replies go to. Null if nobody waits for them.</summary>
    public string? ReplyTo => Properties.ReplyTo;

    /// <summary>Which attempt this is, counted from 1: more than 1 if a worker died with the job.</summary>
    public int Attempt => _context.Hand.Attempt;

    /// <summary>For users: each line goes to the bus, in order, ahead of the terminal reply. Refused once the job has ended.</summary>
    public ILogger Output => _context.Output;

    /// <summary>The message's properties.</summary>
    public IReadOnlyBasicProperties Properties => _context.Hand.Delivery.Properties;

    /// <summary>The message's delivery; after a reconnect, the newest.</summary>
    public DeliveryInfo Delivery => _context.Hand.Delivery.Info;

    /// <summary>The channel that delivered the message. Use the job's own methods to settle it; do nothing slow on it.</summary>
    /// <exception cref="InvalidOperationException">There is none: the job runs in a test harness.</exception>
    public IChannel Channel => _context.Hand.Delivery.Source.Channel ?? throw new InvalidOperationException("A job in a test harness has no channel.");

    /// <summary>Sends a message, as JSON, and waits until the broker has confirmed it.</summary>
    /// <param name="topic">The routing key, at most 255 bytes.</param>
    /// <param name="message">Any value whose type is in the worker's JSON context, or a JSON element or node.</param>
    /// <param name="exchange">The exchange; empty for the queue that <paramref name="topic"/> names.</param>
    /// <param name="correlationId">Another correlation id than the job's.</param>
    /// <returns>False if no queue took the message.</returns>
    /// <exception cref="ArgumentException">The topic or the message is too long, or the message is a second status reply.</exception>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the job has ended.</exception>
    public async Task<bool> SendAsync(
        string topic, object message, string exchange = Names.Exchange, string? correlationId = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var body = _context.Json.Serialize(message);
        SendRules.Check(topic, exchange, correlationId, body, ReplyTo);
        if (exchange is not (Names.Exchange or Names.DefaultExchange)) await _context.Publisher.CheckExchangeAsync(exchange, cancel).ConfigureAwait(false);
        return await SendAndWaitAsync(new OutgoingMessage(MessageKind.Sent, exchange, topic, body) { CorrelationId = correlationId }, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Notifies those whom the job lists under the phase, one message a channel; nobody, if it lists none. Takes the place
    /// of the runtime's own notification for the phase.
    /// </summary>
    /// <param name="slug">The short form; cut at 80 characters.</param>
    /// <param name="message">The long form.</param>
    /// <param name="phase">The phase that it is about.</param>
    /// <param name="correlationId">Another correlation id than the job's.</param>
    /// <param name="exchange">Another exchange than <c>re</c>.</param>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the job has ended.</exception>
    public async Task NotifyAsync(
        string slug, string message, Phase phase, string? correlationId = null, string exchange = Names.Exchange, CancellationToken cancel = default)
    {
        _context.Notified(phase);
        foreach (var (channel, targets) in _context.Content.Notify.For(phase))
        {
            var body = Bodies.Notification(slug, message, phase, targets);
            SendRules.Check(Names.Notification(channel), exchange, correlationId, body, ReplyTo);
            if (exchange is not Names.Exchange) await _context.Publisher.CheckExchangeAsync(exchange, cancel).ConfigureAwait(false);
            var outgoing = new OutgoingMessage(MessageKind.Notification, exchange, Names.Notification(channel), body) { CorrelationId = correlationId };
            await SendAndWaitAsync(outgoing, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Acknowledges the job before its end. From here on it is at-most-once: if the worker dies, nobody answers it. A job whose connection
    /// is lost before may have gone to another worker already; here it is acknowledged when it comes again.</summary>
    /// <exception cref="InvalidOperationException">It is acknowledged or rejected already, or has ended.</exception>
    public Task AckAsync(CancellationToken cancel = default) => SettleAsync(Settlement.Ack, cancel);

    /// <summary>
    /// Rejects the job before its end. With <paramref name="requeue"/> it runs again, and that run answers the requester;
    /// without, the message goes to the dead-letter queue, and this run answers.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is acknowledged or rejected already, or has ended.</exception>
    public Task RejectAsync(bool requeue, CancellationToken cancel = default) => SettleAsync(requeue ? Settlement.RequeueCounted : Settlement.DeadLetter, cancel);

    private Task SettleAsync(Settlement how, CancellationToken cancel)
    {
        if (!_context.Ledger.TrySettle(_context.Hand, how))
            throw new InvalidOperationException("The job is settled already: it can be acknowledged or rejected once, before its end.");
        return _context.Hand.Delivery.Source.FlushAsync(cancel);
    }

    private async Task<bool> SendAndWaitAsync(OutgoingMessage outgoing, CancellationToken cancel)
    {
        var confirmed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _context.JobMessages.Send(outgoing with { Waiter = confirmed });
        return await confirmed.Task.WaitAsync(cancel).ConfigureAwait(false);
    }
}
