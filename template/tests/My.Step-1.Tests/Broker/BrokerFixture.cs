using Xunit;

namespace My.Step_1.Tests;

/// <summary>
/// Gives a test class the broker: <c>class MyTests(BrokerFixture broker) : IClassFixture&lt;BrokerFixture&gt;</c>. All
/// classes share one broker, so each test must use a queue of its own.
/// </summary>
public sealed class BrokerFixture(SharedBroker shared) : IAsyncLifetime
{
    private TestBroker? _broker;

    public Uri Amqp => Broker.Amqp;

    private TestBroker Broker => _broker ?? throw new InvalidOperationException("xunit has not started this fixture.");

    public async ValueTask InitializeAsync() => _broker = await shared.GetAsync();

    /// <summary>Returns a name for the setting <c>Worker:Queue</c> that no other test uses.</summary>
    public static string UniqueQueue() => $"test-{Guid.NewGuid():n}";

    /// <inheritdoc cref="TestBroker.RunRabbitmqctlAsync"/>
    public Task<string> RunRabbitmqctlAsync(params string[] arguments) => Broker.RunRabbitmqctlAsync(arguments);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
