using My.Step_1.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(BrokerOfTheRun))]

namespace My.Step_1.Tests;

/// <summary>
/// The one broker of a test run, started when the first test asks for it (unit tests alone never do): the URI in
/// REWORKER_TEST_AMQP, else a container where a Docker engine answers, else a private node by broker.sh.
/// REWORKER_DOCKER=0 passes the engine over.
/// </summary>
public sealed class BrokerOfTheRun : IAsyncDisposable
{
    private readonly Lazy<Task<TestBroker>> _broker = new(FindAsync);

    public Task<TestBroker> GetAsync() => _broker.Value;

    public async ValueTask DisposeAsync()
    {
        if (_broker is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _broker.Value).DisposeAsync();
        }
    }

    private static async Task<TestBroker> FindAsync()
    {
        var tried = new List<string>();

        return GivenBroker.TryFind(tried)
            ?? await ContainerBroker.TryStartAsync(tried)
            ?? await PrivateBroker.TryStartAsync(tried)
            ?? throw new InvalidOperationException(
                $"""
                These tests need a RabbitMQ. One of three ways gives them one:
                  1. REWORKER_TEST_AMQP=amqp://user:password@host:5672/  ({tried[0]})
                  2. a Docker engine, for a container  ({tried[1]})
                  3. the package rabbitmq-server, for a private node  ({tried[2]})
                """);
    }
}
