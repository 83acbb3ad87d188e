using ReWorker.Tests.Operations;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>Ctrl+C ends a verb that waits for the broker, with one line and its own exit code.</summary>
public sealed class InterruptTests
{
    [Theory]
    [InlineData("submit --timeout 1h")]
    [InlineData("submit --timeout 1h --count 2")]
    public async Task Process_InterruptedWhileItWaits_ExitsWith130(string arguments)
    {
        await using var step = StepProcess.Start(
            arguments.Split(' '), ("ConnectionStrings:rabbitmq", "amqp://127.0.0.1:1/"));
        await step.WaitForLogAsync("waiting: ");

        await step.SignalAsync("INT");

        Assert.Equal(130, await step.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("interrupted", step.Log);
    }
}
