using DotNet.Testcontainers.Builders;
using Testcontainers.RabbitMq;

namespace My.Step_1.Tests;

/// <summary>A RabbitMQ in a container of its own; the one place that names the tests' image.</summary>
internal sealed class ContainerBroker(RabbitMqContainer container) : TestBroker
{
    private const string Image = "rabbitmq:4-management";

    public override Uri Amqp { get; } = new(container.GetConnectionString());

    public static async Task<TestBroker?> TryStartAsync(List<string> tried)
    {
        if (Environment.GetEnvironmentVariable("REWORKER_DOCKER") == "0")
        {
            tried.Add("switched off by REWORKER_DOCKER=0");
            return null;
        }

        try
        {
            var container = new RabbitMqBuilder(Image).Build();
            await container.StartAsync();
            return new ContainerBroker(container);
        }
        catch (DockerUnavailableException)
        {
            tried.Add("none answers");
            return null;
        }
    }

    public override async Task<string> RunRabbitmqctlAsync(params string[] arguments)
    {
        var result = await container.ExecAsync(["rabbitmqctl", .. arguments]);
        return Rabbitmqctl.Check(arguments, result.ExitCode, result.Stdout, result.Stderr);
    }

    public override async ValueTask DisposeAsync()
    {
        await container.DisposeAsync();
        await base.DisposeAsync();
    }
}
