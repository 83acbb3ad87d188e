using System.Text.Json;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The endpoints of a process that is stopping and waits for its running jobs.</summary>
public sealed class StopTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Endpoints_WhileStopping_AnswerAndShowIt()
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync(
            "Consuming from", ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name));
        const string job = """{"parameters":{"hosts":["a"],"seconds":5},"dynamic":{"environment":"dev"}}""";
        session.Send(name, job);
        await session.NextAsync(Cancel);

        var end = step.StopAsync();
        await step.WaitForLogAsync("Stopping");
        var (ready, live) = (await step.GetAsync("/health/ready"), await step.GetAsync("/health/live"));
        var running = (await step.MetricsAsync()).Sum("reworker_jobs_in_flight");

        Assert.Equal((503, 200, 1), (ready.Code, live.Code, running));
        var parts = JsonElement.Parse(ready.Body).GetProperty("parts").EnumerateObject()
            .ToDictionary(part => part.Name, part => part.Value.GetProperty("detail").GetString());
        Assert.Equal("stopping", parts["worker"]);
        Assert.Equal("stopping", parts[$"queue worker.{name}"]);
        Assert.Equal("running", parts["supervisor"]);
        Assert.Equal("completed", (await session.ReceiveUntilTerminalAsync(Cancel))[^1].Status);
        Assert.Equal(0, await end);
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");
    }
}
