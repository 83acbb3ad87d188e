using System.Text;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker.Tests.Messages;

/// <summary>Records what a job hands to the publisher, and creates messages for tests that need no job.</summary>
internal sealed class RecordingPublisher : IPublisher
{
    private readonly Lock _gate = new();
    private readonly List<PendingMessage> _enqueued = [];
    private readonly List<PendingMessage> _resent = [];

    public IReadOnlyList<PendingMessage> Enqueued
    {
        get
        {
            lock (_gate) return [.. _enqueued];
        }
    }

    public IReadOnlyList<PendingMessage> Resent
    {
        get
        {
            lock (_gate) return [.. _resent];
        }
    }

    /// <summary>Called before a message is enqueued.</summary>
    public Action? OnEnqueue { get; set; }

    public List<string> Checked { get; } = [];

    /// <summary>What the broker answers to the question whether an exchange exists.</summary>
    public Task CheckAnswer { get; set; } = Task.CompletedTask;

    public void Enqueue(PendingMessage message)
    {
        OnEnqueue?.Invoke();
        lock (_gate) _enqueued.Add(message);
    }

    public void Resend(PendingMessage message)
    {
        lock (_gate) _resent.Add(message);
    }

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel)
    {
        Checked.Add(exchange);
        return CheckAnswer;
    }

    /// <summary>A job with a reply queue, whose messages go to this publisher.</summary>
    public JobMessages Job(TimeProvider time, string? correlationId = "job", string? replyQueue = "replies") =>
        new(this, correlationId, replyQueue, "frob", time);

    /// <summary>A message outside any publisher, of a job of its own unless an owner is given.</summary>
    public static PendingMessage Message(
        int sequence, MessageKind kind = MessageKind.Output, JobMessages? owner = null,
        string exchange = Names.Exchange, string routingKey = Names.Output, string? id = null, string body = "{}")
    {
        owner ??= new RecordingPublisher().Job(TimeProvider.System);
        var message = new OutgoingMessage(kind, exchange, routingKey, Encoding.UTF8.GetBytes(body)) { MessageId = id };
        return new PendingMessage(message, owner, sequence, DateTimeOffset.UnixEpoch);
    }
}
