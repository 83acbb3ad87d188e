using System.Text.Json.Nodes;
using ReWorker.Client;
using Xunit;

namespace My.Step_1.Tests;

/// <summary>What goes wrong in production, done on purpose while the step runs: each job is answered once all the same.</summary>
[Trait("Category", "Integration")]
[Trait("Category", "Chaos")]
[Collection(nameof(AloneWithTheBroker))]
public sealed class ChaosTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectionsClosed_WhileAJobRuns_ItAnswersOnce()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await HearAsync(step.Client, Job(step.Queue, "a", "b", "c"), "Frobbing frobd on b", () => broker.RunRabbitmqctlAsync("close_all_connections", "test"));

        AnsweredOnce(heard, "a", "b", "c");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task ConsumerCancelled_WhileIdle_TheNextJobRuns()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);
        await broker.DeleteQueueAsync($"worker.{step.Queue}", _cancel); // the broker cancels the consumer
        await broker.WaitForConsumerAsync($"worker.{step.Queue}", _cancel);

        AnsweredOnce(await HearAsync(step.Client, Job(step.Queue, "a")), "a");
    }

    [Fact]
    public async Task QueueDeleted_WhileAJobRuns_ItAnswersOnceAndTheQueueIsBack()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await HearAsync(step.Client, Job(step.Queue, "a", "b"), "Frobbing frobd on a", () => broker.DeleteQueueAsync($"worker.{step.Queue}", _cancel));

        AnsweredOnce(heard, "a", "b");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task BrokerRestarted_WhileAJobRuns_ItAnswersOnce()
    {
        await using var step = await RunningStep.StartAsync(broker, _cancel);

        var heard = await HearAsync(step.Client, Job(step.Queue, "a", "b", "c", "d", "e", "f"), "Frobbing frobd on a", async () =>
        {
            await broker.RunRabbitmqctlAsync("stop_app");
            await broker.RunRabbitmqctlAsync("start_app");
        });

        AnsweredOnce(heard, "a", "b", "c", "d", "e", "f");
        await broker.WaitForEmptyQueueAsync($"worker.{step.Queue}", _cancel);
    }

    [Fact]
    public async Task Sigterm_WhileALongJobRuns_ItIsHandedBackAndRunsElsewhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no SIGTERM");
        var queue = BrokerFixture.UniqueQueue();
        await using var step = await StepProcess.StartAsync(broker, queue, _cancel, ("Worker__DrainTimeout", "00:00:01"));
        await using var client = new JobClient(broker.Amqp.ToString());
        await using var elsewhere = new Later();

        var heard = await HearAsync(client, Job(queue, "a", "b", "c"), "Frobbing frobd on a", async () =>
        {
            if (elsewhere.Started is not null) return;
            await step.TerminateAsync();
            elsewhere.Started = await RunningStep.StartAsync(broker, _cancel, queue);
        });

        Assert.Equal(0, step.ExitCode);
        Assert.Equal(2, heard.OfType<JobEvent.Output>().Count(one => one.Line == "Frobbing frobd on a"));
        Assert.IsType<JobEvent.Completed>(heard[^1]);
    }

    [Fact]
    public async Task PoisonJob_KillsItsWorkerTwice_FailsAndIsParked()
    {
        var queue = BrokerFixture.UniqueQueue();
        await using var client = new JobClient(broker.Amqp.ToString());
        await using var latest = new Later();
        async Task StartAsync() => latest.Started = await StepProcess.StartAsync(broker, queue, _cancel, ("Worker__MaxAttempts", "2"));

        await StartAsync();
        var heard = await HearAsync(client, Job(queue, "a", "b", "c"), "Frobbing frobd on a", async () =>
        {
            await latest.Started!.DisposeAsync(); // killed, as the job would do it
            await StartAsync();
        });

        Assert.StartsWith("gave up after 2 attempts", Assert.IsType<JobEvent.Failed>(heard[^1]).Reason, StringComparison.Ordinal);
        await broker.WaitForMessageAsync($"worker.{queue}.dead", _cancel);
    }

    /// <summary>A job that takes a second for each host.</summary>
    private static JobRequest Job(string queue, params string[] hosts) => new()
    {
        Queue = queue,
        Parameters = new JsonObject { ["hosts"] = new JsonArray([.. hosts]), ["seconds"] = 1 },
        Dynamic = new JsonObject { ["environment"] = "dev" },
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Sends the job and returns what is heard of it; does what is to be done whenever the line of output is heard.</summary>
    private async Task<List<JobEvent>> HearAsync(JobClient client, JobRequest job, string line = "", Func<Task>? then = null)
    {
        var heard = new List<JobEvent>();
        var done = Task.CompletedTask;
        await foreach (var one in client.SendAsync(job, _cancel))
        {
            heard.Add(one);
            if (one is not JobEvent.Output output || output.Line != line || then is null) continue;
            await done;
            done = then();
        }
        await done;
        return heard;
    }

    private static void AnsweredOnce(List<JobEvent> heard, params string[] hosts)
    {
        Assert.Single(heard.OfType<JobEvent.Started>());
        Assert.Equal(hosts.Select(host => $"Frobbing frobd on {host}"), heard.OfType<JobEvent.Output>().Select(one => one.Line).SkipLast(1));
        Assert.IsType<JobEvent.Completed>(heard[^1]);
    }

    /// <summary>What is started in the middle of a test ends with it.</summary>
    private sealed class Later : IAsyncDisposable
    {
        public IAsyncDisposable? Started { get; set; }

        public ValueTask DisposeAsync() => Started?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}

/// <summary>Restarts would disturb others: no test runs beside one of this collection.</summary>
[CollectionDefinition(nameof(AloneWithTheBroker), DisableParallelization = true)]
public sealed class AloneWithTheBroker;
