using System.Text;
using RabbitMQ.Client;
using ReWorker.Publishing;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;

namespace ReWorker.Tests.Messages;

/// <summary>A publishing session on a fake channel that listens to confirms, and what it settles.</summary>
public abstract class SessionTest : PublishingTest
{
    private protected static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(30);

    private protected RecordingPublisher Publisher { get; } = new();
    private protected List<PendingMessage> Settled { get; } = [];
    private protected Epoch Epoch { get; private set; } = null!;
    private protected Task Watch { get; private set; } = Task.CompletedTask;

    private protected IEnumerable<int> SettledNumbers => Settled.Select(message => message.Sequence);

    private protected async Task<PublishSession> StartAsync(int quarantined = 0)
    {
        Epoch = await OpenAsync();
        var session = new PublishSession(Epoch, quarantined, ConfirmTimeout, Settled.Add, Instruments, Time);
        Watch = session.WatchConfirmsAsync();
        return session;
    }

    /// <summary>Tracks and writes messages of one job, as the publisher does.</summary>
    private protected async Task<PendingMessage[]> SendAsync(PublishSession session, int count, JobMessages? job = null)
    {
        job ??= Publisher.Job(Time);
        var before = Publisher.Enqueued.Count;
        for (var i = 0; i < count; i++) job.SendInternal(Message());
        var sent = Publisher.Enqueued.Skip(before).ToArray();
        foreach (var message in sent)
        {
            session.Track(message);
            await session.WriteAsync(message);
        }
        return sent;
    }

    private protected static OutgoingMessage Message(
        MessageKind kind = MessageKind.Sent, string exchange = Names.Exchange, string routingKey = "key") =>
        new(kind, exchange, routingKey, Encoding.UTF8.GetBytes("{}"));

    private protected Task CloseChannelAsync(
        int code, string text = "closed", ShutdownInitiator initiator = ShutdownInitiator.Peer) =>
        Channel.CloseAsync((ushort)code, text, initiator);
}
