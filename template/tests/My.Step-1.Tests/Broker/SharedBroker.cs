using My.Step_1.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedBroker))]

namespace My.Step_1.Tests;

/// <summary>
/// The broker of a test run, found or started when the first test needs it: the one at REWORKER_TEST_AMQP; otherwise a
/// container if a Docker engine answers; otherwise a private node that broker.sh starts. REWORKER_DOCKER=0 ignores the
/// Docker engine.
/// </summary>
public sealed class SharedBroker : IAsyncDisposable
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
        var problems = new List<string>();

        return ExternalBroker.TryFind(problems)
            ?? await ContainerBroker.TryStartAsync(problems)
            ?? await PrivateBroker.TryStartAsync(problems)
            ?? throw new InvalidOperationException(
                $"""
                These tests need RabbitMQ. Provide it in one of three ways:
                  1. set REWORKER_TEST_AMQP=amqp://user:password@host:5672/  ({problems[0]})
                  2. start a Docker engine, for a container  ({problems[1]})
                  3. install the package rabbitmq-server, for a private node  ({problems[2]})
                """);
    }
}
