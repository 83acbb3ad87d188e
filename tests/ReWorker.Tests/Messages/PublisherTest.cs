using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Publishing;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A publisher, a job that sends through it, and connections that come and go.</summary>
public abstract class PublisherTest : PublishingTest
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LoggerFactory _logs;
    private Epoch? _epoch;
    private int _sent;

    private protected PublisherTest()
    {
        _logs = new LoggerFactory([Log]);
        Publisher = new Publisher(
            new OptionsWrapper<BrokerOptions>(new() { ConfirmTimeout = TimeSpan.FromSeconds(20) }), Instruments, Time,
            _logs.CreateLogger<Publisher>());
        Job = new JobMessages(Publisher, "job", "replies", "frob", Time);
    }

    private protected LogRecords Log { get; } = new();
    private protected Publisher Publisher { get; }
    private protected JobMessages Job { get; }

    /// <summary>The routing keys that the newest connection has published.</summary>
    private protected IEnumerable<string> Keys => Channel.Published.Select(message => message.RoutingKey);

    protected override void Dispose(bool disposing)
    {
        _logs.Dispose();
        Log.Dispose();
        base.Dispose(disposing);
    }

    private protected static OutgoingMessage Message(string key, MessageKind kind = MessageKind.Sent) =>
        new(kind, Names.Exchange, key, "{}"u8.ToArray());

    /// <summary>Sends messages whose routing keys are their numbers.</summary>
    private protected void Send(int count)
    {
        for (var i = 0; i < count; i++) Job.SendInternal(Message($"{++_sent}"));
    }

    /// <summary>Runs the publisher on a new connection.</summary>
    private protected async Task StartAsync()
    {
        _epoch = await OpenAsync();
        _ = Publisher.RunAsync(_epoch);
    }

    /// <summary>The connection is lost, or the broker closes the channel with a code.</summary>
    private protected async Task LoseAsync(int code = 0, string text = "closed")
    {
        if (code > 0) await Channel.CloseAsync((ushort)code, text);
        _epoch!.End(new Loss(LossReason.Connection, "lost"));
        await Until.TrueAsync(() => _epoch.Ended.IsCancellationRequested);
        Publisher.TakeBackUnconfirmed();
    }

    /// <summary>Waits for as many messages on the newest connection, and fails if there are more.</summary>
    private protected async Task PublishedAsync(int count)
    {
        await Until.TrueAsync(() => Channel.Published.Count >= count, $"{count} messages published");
        Assert.Equal(count, Channel.Published.Count);
    }
}
