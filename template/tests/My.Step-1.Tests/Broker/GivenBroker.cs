using Xunit;

namespace My.Step_1.Tests;

/// <summary>
/// The broker at REWORKER_TEST_AMQP. The tests that have the broker close connections also need
/// REWORKER_TEST_RABBITMQCTL, a command that reaches it (broker.sh sets both), and are skipped without.
/// </summary>
internal sealed class GivenBroker(Uri amqp) : TestBroker
{
    public override Uri Amqp => amqp;

    public static TestBroker? TryFind(List<string> tried)
    {
        tried.Add("not set");
        return Environment.GetEnvironmentVariable("REWORKER_TEST_AMQP") switch
        {
            null or "" => null,
            var text when Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" => new GivenBroker(uri),
            _ => throw new InvalidOperationException("REWORKER_TEST_AMQP is no URI of the form amqp://user:password@host:5672/."),
        };
    }

    public override Task<string> RunRabbitmqctlAsync(params string[] arguments)
    {
        var command = Environment.GetEnvironmentVariable("REWORKER_TEST_RABBITMQCTL");
        Assert.SkipWhen(string.IsNullOrEmpty(command), "needs rabbitmqctl: REWORKER_TEST_RABBITMQCTL names none for REWORKER_TEST_AMQP");
        return Rabbitmqctl.RunAsync(command!, arguments);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
