using ReWorker.Health;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Each step towards consuming has a limit of its own, and shows that the supervisor lives.</summary>
public sealed class SupervisorStepTests
{
    [Theory]
    [InlineData("ExchangeDeclarePassiveAsync", "declaring queues took longer than 15 s")]
    [InlineData("CreateChannelAsync", "opening a channel took longer than 15 s")]
    [InlineData("BasicConsumeAsync", "consuming took longer than 15 s")]
    public async Task Step_IsNeverAnswered_IsGivenUpAndTriedAgain(string method, string expected)
    {
        await using var workers = new SupervisedWorkers(["a"]);
        var never = new TaskCompletionSource().Task;
        workers.Broker.Waits[method] = never;
        if (method == "CreateChannelAsync") workers.Source.OnOpen = connection => Configure(workers, connection, never);

        await workers.StartAsync();
        await workers.Time.AdvanceUntilAsync(() => workers.Count(LogId.CouldNotConnect) == 1, "the end of the step");
        var detail = workers.Part(HealthState.Connection);
        workers.Broker.Waits.Clear();
        workers.Source.OnOpen = connection => Configure(workers, connection, null);
        await workers.Time.AdvanceUntilAsync(() => workers.Count(LogId.Consuming) == 1, "the next attempt");

        Assert.Equal((false, expected), detail);
        Assert.Equal(1, workers.Metrics.Sum("reworker.connect.failures"));
    }

    /// <summary>Two workers on a broker that takes 14 s for each step: 70 s until they consume.</summary>
    [Fact]
    public async Task Steps_AllSlow_GiveSignsOfLife()
    {
        await using var workers = new SupervisedWorkers(["a", "b"]);
        workers.Source.OnOpen = connection =>
        {
            connection.OnChannel = channel =>
            {
                workers.Broker.Attach(channel);
                channel.OnCall = call => call.Method is "ExchangeDeclarePassiveAsync" or "BasicConsumeAsync"
                    ? Slow() : null;
            };
            if (connection.Name.EndsWith("publishes", StringComparison.Ordinal))
                connection.OnCall = call => call.Method == "CreateChannelAsync" ? Slow() : null;
        };
        await workers.StartAsync();

        for (var step = 0; step < 5; step++)
        {
            await workers.Time.WaitAsync(TimeSpan.FromSeconds(14));
            workers.Time.Advance(TimeSpan.FromSeconds(13.9));
            Assert.True(workers.Health.IsLive, $"step {step}");
            workers.Time.Advance(TimeSpan.FromSeconds(0.1));
        }
        await workers.ConnectedAsync();

        Assert.Equal(0, workers.Count(LogId.CouldNotConnect));

        Task Slow() => Task.Delay(TimeSpan.FromSeconds(14), workers.Time);
    }

    private static void Configure(SupervisedWorkers workers, FakeConnection connection, Task? wait)
    {
        connection.OnChannel = workers.Broker.Attach;
        if (wait is not null && connection.Name.EndsWith("publishes", StringComparison.Ordinal))
            connection.OnCall = call => call.Method == "CreateChannelAsync" ? wait : null;
    }
}
