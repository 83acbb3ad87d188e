using ReWorker.Tests.Contract;
using ReWorker.Tests.Operations;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>The first signal lets the running jobs finish. The second ends the process, and no job is lost.</summary>
public sealed class SecondSignalTests(PikaBus bus) : ContractTest(bus)
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Process_SecondSignalDuringAJob_ExitsAtOnceWith130AndKeepsTheJob(string signal)
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync(
            "Consuming from", ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name));
        session.Send(name, """{"parameters":{"hosts":["a"],"seconds":60},"dynamic":{"environment":"dev"}}""");
        await session.NextAsync(Cancel);

        await step.SignalAsync(signal);
        await step.WaitForLogAsync("Stopping");
        Assert.False(step.HasExited);
        await step.SignalAsync(signal);

        // well before the 20 s for which a job may continue
        Assert.Equal(130, await step.ExitAsync(TimeSpan.FromSeconds(10)));
        await UntilAsync(async () => (await Bus.CountAsync($"worker.{name}")).Messages == 1);
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");
    }
}
