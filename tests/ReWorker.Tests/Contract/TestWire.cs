using System.Net;

namespace ReWorker.Tests.Contract;

/// <summary>
/// A wire between one worker and the broker, which a test can hold and cut without disturbing anybody else. A worker
/// opens two connections: one consumes and acknowledges, the other publishes.
/// </summary>
internal sealed class TestWire(Uri broker) : IAsyncDisposable
{
    private const string Consumes = " consumes", Publishes = " publishes";

    private readonly Proxy _proxy = new([new DnsEndPoint(broker.Host, broker.Port)]);

    public Uri Amqp => new UriBuilder(broker) { Host = "127.0.0.1", Port = _proxy.Port }.Uri;

    /// <summary>The setting that puts a worker on this wire.</summary>
    public (string Key, string Value) Setting => ("ConnectionStrings:rabbitmq", Amqp.AbsoluteUri);

    /// <summary>From now on the broker gets no acknowledgements.</summary>
    public void HoldAcks() => _proxy.Hold(Direction.ToBroker, Consumes);

    /// <summary>From now on the worker gets no deliveries, and no answers about queues and exchanges.</summary>
    public void HoldAnswers() => _proxy.Hold(Direction.ToWorker, Consumes);

    /// <summary>From now on the worker gets no confirms.</summary>
    public void HoldConfirms() => _proxy.Hold(Direction.ToWorker, Publishes);

    /// <summary>Waits until nothing is on its way: the broker has every acknowledgement.</summary>
    public Task WaitUntilQuietAsync(CancellationToken cancel) => _proxy.WaitUntilQuietAsync(cancel);

    /// <summary>Resets every connection; new ones are taken unless it stays down.</summary>
    public void Cut(bool stayDown = false)
    {
        if (stayDown) _proxy.Close();
        _proxy.Reset();
    }

    /// <summary>Takes connections again.</summary>
    public void Resume() => _proxy.Open();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
