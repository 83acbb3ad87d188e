using Xunit;

namespace My.Step_1.Tests;

/// <summary>
/// The broker at REWORKER_TEST_AMQP. Tests that run rabbitmqctl also need REWORKER_TEST_RABBITMQCTL, a rabbitmqctl for
/// this broker, and are skipped without it. broker.sh sets both.
/// </summary>
internal sealed class ExternalBroker(Uri amqp) : TestBroker
{
    public override Uri Amqp => amqp;

    public static TestBroker? TryFind(List<string> problems)
    {
        problems.Add("not set");
        return Environment.GetEnvironmentVariable("REWORKER_TEST_AMQP") switch
        {
            null or "" => null,
            var text when Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" =>
                new ExternalBroker(uri),
            _ => throw new InvalidOperationException(
                "REWORKER_TEST_AMQP is not an AMQP URI; allowed: amqp://user:password@host:5672/"),
        };
    }

    public override Task<string> RunRabbitmqctlAsync(params string[] arguments)
    {
        var command = Environment.GetEnvironmentVariable("REWORKER_TEST_RABBITMQCTL");
        Assert.SkipWhen(
            string.IsNullOrEmpty(command),
            "needs rabbitmqctl: set REWORKER_TEST_RABBITMQCTL to a rabbitmqctl for the broker at REWORKER_TEST_AMQP");
        return Rabbitmqctl.RunAsync(command!, arguments);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
