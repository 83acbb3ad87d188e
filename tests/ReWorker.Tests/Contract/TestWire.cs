using System.Net;

namespace ReWorker.Tests.Contract;

/// <summary>
/// The wire between one worker and the broker. A test can hold and cut it without affecting other workers. A worker
/// opens two connections: one consumes and acknowledges, the other publishes.
/// </summary>
internal sealed class TestWire(Uri broker) : IAsyncDisposable
{
    private const string Consumes = " consumes", Publishes = " publishes";

    private readonly Proxy _proxy = new([new DnsEndPoint(broker.Host, broker.Port)]);

    public Uri Amqp => new UriBuilder(broker) { Host = "127.0.0.1", Port = _proxy.Port }.Uri;

    /// <summary>The setting that makes a worker connect through this wire.</summary>
    public (string Key, string Value) Setting => ("ConnectionStrings:rabbitmq", Amqp.AbsoluteUri);

    /// <summary>Holds acknowledgements back from the broker.</summary>
    public void HoldAcks() => _proxy.Hold(Direction.ToBroker, Consumes);

    /// <summary>Holds deliveries, and responses about queues and exchanges, back from the worker.</summary>
    public void HoldDeliveries() => _proxy.Hold(Direction.ToWorker, Consumes);

    /// <summary>Holds confirms back from the worker.</summary>
    public void HoldConfirms() => _proxy.Hold(Direction.ToWorker, Publishes);

    /// <summary>Waits until nothing is in transit, so that the broker has every acknowledgement.</summary>
    public Task WaitUntilQuietAsync(CancellationToken cancel) => _proxy.WaitUntilQuietAsync(cancel);

    /// <summary>Resets every connection. New ones are accepted unless the wire stays down.</summary>
    public void Cut(bool stayDown = false)
    {
        if (stayDown) _proxy.Close();
        _proxy.Reset();
    }

    /// <summary>Resets the connection whose name ends so, and only that.</summary>
    public void Cut(string connection) => _proxy.Reset(connection);

    /// <summary>Accepts connections again.</summary>
    public void Resume() => _proxy.Open();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
