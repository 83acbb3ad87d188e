using DotNet.Testcontainers.Builders;
using Microsoft.Extensions.Logging.Abstractions;
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
            var container = new RabbitMqBuilder(Image).WithUsername("guest").WithPassword("guest").WithLogger(NullLogger.Instance).Build();
            await container.StartAsync();
            return new ContainerBroker(container);
        }
        catch (DockerUnavailableException)
        {
            tried.Add("none answers");
            return null;
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException(
                $"A Docker engine answers, but started no {Image}: {problem.Message} REWORKER_DOCKER=0 passes it over.", problem);
        }
    }

    public override async Task<string> RunRabbitmqctlAsync(params string[] arguments)
    {
        var result = await container.ExecAsync(["rabbitmqctl", .. arguments]);
        return Rabbitmqctl.Check(arguments, result.ExitCode ?? -1, result.Stdout, result.Stderr);
    }

    public override ValueTask DisposeAsync() => container.DisposeAsync();
}
