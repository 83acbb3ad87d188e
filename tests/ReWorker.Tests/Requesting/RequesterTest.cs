using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using My.Step_1.Tests;
using ReWorker.Client;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>The base of the client's tests.</summary>
public abstract class RequesterTest(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected BrokerFixture Broker { get; } = broker;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected JobClient Client() => new(Broker.Amqp.AbsoluteUri);

    /// <summary>A client with the test's clock, and what it reports while jobs can't be sent.</summary>
    protected (JobClient Client, ConcurrentQueue<string> Troubles) Client(
        FakeTimeProvider time, Uri? amqp = null, JobClientOptions? options = null)
    {
        var source = ConnectionRegistration.FromUri((amqp ?? Broker.Amqp).AbsoluteUri);
        var troubles = new ConcurrentQueue<string>();
        var client = new JobClient(source, options ?? new(), TimeSpan.FromMinutes(10), time, NullLogger.Instance)
        {
            OnTrouble = troubles.Enqueue,
        };
        return (client, troubles);
    }

    private protected static JobRequest Job(FakeWorker worker, TimeSpan? timeout = null) =>
        new() { Queue = worker.Queue, Timeout = timeout ?? Patience };

    private protected static IEnumerable<string> Lines(IEnumerable<JobEvent> events) =>
        events.OfType<JobEvent.Output>().Select(output => output.Line);

}
