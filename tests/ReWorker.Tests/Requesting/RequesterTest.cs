using My.Step_1.Tests;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>
/// The base of the client's tests. They run one after the other, since some close the connections of all requesters.
/// </summary>
[Collection("requesters")]
public abstract class RequesterTest(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    // The names of the client's two connections, as rabbitmqctl shows them.
    protected const string Publishes = "requester\"", Consumes = "requester, replies\"";

    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected BrokerFixture Broker { get; } = broker;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected JobClient Client() => new(Broker.Amqp.AbsoluteUri);

    private protected static JobRequest Job(FakeWorker worker, TimeSpan? timeout = null) =>
        new() { Queue = worker.Queue, Timeout = timeout ?? Patience };

    private protected static IEnumerable<string> Lines(IEnumerable<JobEvent> events) =>
        events.OfType<JobEvent.Output>().Select(output => output.Line);

    protected Task<string> ListQueuesAsync() => Broker.RunRabbitmqctlAsync("-q", "list_queues", "name");

    protected async Task<int> CloseRequestersAsync(string name)
    {
        var all = await RequesterConnectionsAsync(name);
        foreach (var pid in all) await Broker.RunRabbitmqctlAsync("close_connection", pid, "chaos");
        return all.Count;
    }

    protected async Task<List<string>> RequesterConnectionsAsync(string name = "requester")
    {
        var lines = await Broker.RunRabbitmqctlAsync("-q", "list_connections", "pid", "client_properties");
        return
        [
            .. lines.Split('\n')
                .Where(line => line.Contains($"\"{name}", StringComparison.Ordinal))
                .Select(line => line.Split('\t')[0]),
        ];
    }
}
