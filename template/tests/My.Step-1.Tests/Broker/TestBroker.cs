namespace My.Step_1.Tests;

/// <summary>A RabbitMQ that tests may use. Where it comes from is the business of <see cref="BrokerOfTheRun"/>.</summary>
public abstract class TestBroker : IAsyncDisposable
{
    public abstract Uri Amqp { get; }

    /// <summary>Runs <c>rabbitmqctl</c> against this broker and returns what it printed; a failure throws.</summary>
    public abstract Task<string> RunRabbitmqctlAsync(params string[] arguments);

    public abstract ValueTask DisposeAsync();
}
