using System.Text.Json.Nodes;
using ReWorker.Client;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>Causes the faults of production, and checks that each job still gets exactly one terminal reply.</summary>
[Trait("Category", "Integration")]
[Trait("Category", "Chaos")]
[Collection(nameof(ExclusiveBroker))]
public sealed class ChaosTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectionsClosed_JobRunning_RepliesOnce()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var events = await RunAsync(
            step.Client, Job(step.Queue, "a", "b", "c"), "Frobbing frobd on b",
            () => broker.RunRabbitmqctlAsync("close_all_connections", "test"));

        AssertRepliedOnce(events, "a", "b", "c");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task ConsumerCancelled_NoJobRunning_NextJobRuns()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);
        await broker.DeleteQueueAsync($"worker.{step.Queue}", _cancel); // the broker cancels the consumer
        await broker.WaitForConsumerAsync($"worker.{step.Queue}", _cancel);

        AssertRepliedOnce(await RunAsync(step.Client, Job(step.Queue, "a")), "a");
    }

    [Fact]
    public async Task QueueDeleted_JobRunning_RepliesOnceAndQueueIsRedeclared()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var events = await RunAsync(
            step.Client, Job(step.Queue, "a", "b"), "Frobbing frobd on a",
            () => broker.DeleteQueueAsync($"worker.{step.Queue}", _cancel));

        AssertRepliedOnce(events, "a", "b");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task BrokerRestarted_JobRunning_RepliesOnce()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var events = await RunAsync(
            step.Client, Job(step.Queue, "a", "b", "c", "d", "e", "f"), "Frobbing frobd on a", async () =>
            {
                await broker.RunRabbitmqctlAsync("stop_app");
                await broker.RunRabbitmqctlAsync("start_app");
            });

        AssertRepliedOnce(events, "a", "b", "c", "d", "e", "f");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task Sigterm_LongJobRunning_IsRequeuedAndRunsElsewhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        var queue = BrokerFixture.UniqueQueue();
        await using var step = await StepProcess.StartAsync(
            broker, queue, _cancel, ("Worker__DrainTimeout", "00:00:01"));
        await using var client = new JobClient(broker.Amqp.ToString());
        await using var successor = new Replaceable();

        var events = await RunAsync(client, Job(queue, "a", "b", "c"), "Frobbing frobd on a", async () =>
        {
            if (successor.Current is not null) return;
            await step.TerminateAsync();
            successor.Current = await RunningStep.StartAsync(broker, _cancel, queue);
        });

        Assert.Equal(0, step.ExitCode);
        Assert.Equal(2, events.OfType<JobEvent.Output>().Count(output => output.Line == "Frobbing frobd on a"));
        Assert.IsType<JobEvent.Completed>(events[^1]);
    }

    [Fact]
    public async Task PoisonJob_KillsItsWorkerTwice_FailsAndIsParked()
    {
        var queue = BrokerFixture.UniqueQueue();
        await using var client = new JobClient(broker.Amqp.ToString());
        await using var step = new Replaceable();
        await StartAsync();

        var events = await RunAsync(client, Job(queue, "a", "b", "c"), "Frobbing frobd on a", async () =>
        {
            await step.Current!.DisposeAsync(); // killed, as the job itself would do it
            await StartAsync();
        });

        var failed = Assert.IsType<JobEvent.Failed>(events[^1]);
        Assert.StartsWith("gave up after 2 attempts", failed.Reason, StringComparison.Ordinal);
        await broker.WaitForMessageAsync($"worker.{queue}.dead", _cancel);

        async Task StartAsync() =>
            step.Current = await StepProcess.StartAsync(broker, queue, _cancel, ("Worker__MaxAttempts", "2"));
    }

    /// <summary>Returns a job that takes a second for each host.</summary>
    private static JobRequest Job(string queue, params string[] hosts) => new()
    {
        Queue = queue,
        Parameters = new JsonObject { ["hosts"] = new JsonArray([.. hosts]), ["seconds"] = 1 },
        Dynamic = new JsonObject { ["environment"] = "dev" },
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Sends the job and returns its events. Causes the fault each time the job writes the line.</summary>
    private async Task<List<JobEvent>> RunAsync(
        JobClient client, JobRequest job, string line = "", Func<Task>? fault = null)
    {
        var events = new List<JobEvent>();
        var pending = Task.CompletedTask;
        await foreach (var jobEvent in client.SendAsync(job, _cancel))
        {
            events.Add(jobEvent);
            if (jobEvent is not JobEvent.Output output || output.Line != line || fault is null) continue;
            await pending;
            pending = fault();
        }
        await pending;
        return events;
    }

    private static void AssertRepliedOnce(List<JobEvent> events, params string[] hosts)
    {
        Assert.Single(events.OfType<JobEvent.Started>());
        var lines = events.OfType<JobEvent.Output>().Select(output => output.Line);
        Assert.Equal(hosts.Select(host => $"Frobbing frobd on {host}"), lines.SkipLast(1));
        Assert.IsType<JobEvent.Completed>(events[^1]);
    }

    /// <summary>Holds what a test starts in its course, so that it ends with the test.</summary>
    private sealed class Replaceable : IAsyncDisposable
    {
        public IAsyncDisposable? Current { get; set; }

        public ValueTask DisposeAsync() => Current?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}

/// <summary>Keeps all other tests from running beside those that restart the broker.</summary>
[CollectionDefinition(nameof(ExclusiveBroker), DisableParallelization = true)]
public sealed class ExclusiveBroker;
