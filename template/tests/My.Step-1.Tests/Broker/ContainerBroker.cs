using DotNet.Testcontainers.Builders;
using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.RabbitMq;

namespace My.Step_1.Tests;

/// <summary>RabbitMQ in a container of its own. Only this class names the image of the tests.</summary>
internal sealed class ContainerBroker(RabbitMqContainer container) : TestBroker
{
    private const string Image = "rabbitmq:4-management";

    public override Uri Amqp { get; } = new(container.GetConnectionString());

    public static async Task<TestBroker?> TryStartAsync(List<string> problems)
    {
        if (Environment.GetEnvironmentVariable("REWORKER_DOCKER") == "0")
        {
            problems.Add("switched off by REWORKER_DOCKER=0");
            return null;
        }

        try
        {
            var container = new RabbitMqBuilder(Image)
                .WithUsername("guest")
                .WithPassword("guest")
                .WithLogger(NullLogger.Instance)
                .Build();
            await container.StartAsync();
            return new ContainerBroker(container);
        }
        catch (DockerUnavailableException)
        {
            problems.Add("no engine answers");
            return null;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"The Docker engine could not start {Image}: {e.Message} REWORKER_DOCKER=0 ignores the engine.", e);
        }
    }

    public override async Task<string> RunRabbitmqctlAsync(params string[] arguments)
    {
        var result = await container.ExecAsync(["rabbitmqctl", .. arguments]);
        return Rabbitmqctl.Check(arguments, result.ExitCode ?? -1, result.Stdout, result.Stderr);
    }

    public override ValueTask DisposeAsync() => container.DisposeAsync();
}
