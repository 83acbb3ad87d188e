using Xunit;

namespace My.Step_1.Tests;

/// <summary>
/// What a test class that needs a broker asks for: <c>class MyTests(BrokerFixture broker) : IClassFixture&lt;BrokerFixture&gt;</c>.
/// All classes share one broker, so each test takes a queue of its own.
/// </summary>
public sealed class BrokerFixture(BrokerOfTheRun run) : IAsyncLifetime
{
    private TestBroker? _broker;

    public Uri Amqp => Broker.Amqp;

    private TestBroker Broker => _broker ?? throw new InvalidOperationException("xunit has not started this fixture.");

    public async ValueTask InitializeAsync() => _broker = await run.GetAsync();

    /// <summary>A name for the option <c>Worker:Queue</c> that nobody else has.</summary>
    public static string UniqueQueue() => $"test-{Guid.NewGuid():n}";

    /// <inheritdoc cref="TestBroker.RunRabbitmqctlAsync"/>
    public Task<string> RunRabbitmqctlAsync(params string[] arguments) => Broker.RunRabbitmqctlAsync(arguments);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
