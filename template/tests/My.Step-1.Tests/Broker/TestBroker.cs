namespace My.Step_1.Tests;

/// <summary>A RabbitMQ for tests. <see cref="SharedBroker"/> chooses where it comes from.</summary>
public abstract class TestBroker : IAsyncDisposable
{
    public abstract Uri Amqp { get; }

    /// <summary>Runs <c>rabbitmqctl</c> for this broker and returns its output. Throws if it fails.</summary>
    public abstract Task<string> RunRabbitmqctlAsync(params string[] arguments);

    public abstract ValueTask DisposeAsync();
}
