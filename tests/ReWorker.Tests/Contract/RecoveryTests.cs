using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>Recovery from missing queues, lost connections, invalid settings and stopped workers.</summary>
public sealed class RecoveryTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Job_DeadLetterQueueMissing_IsKeptUntilTheQueueExists()
    {
        var time = new FakeTimeProvider();
        await using var worker = await StartAsync(time, (_, _) => Nothing);
        await using var session = await Bus.OpenAsync();
        await Bus.DeleteAsync(worker.DeadQueue);

        session.SendRaw(worker.Name, "{"u8.ToArray(), session.Properties("x"));
        var record = await worker.Logs.WaitAsync(LogId.CannotPark, Cancel);
        await Bus.DeclareAsync(worker.DeadQueue, new { });
        var end = await time.RunUntilAsync(session.ReceiveUntilTerminalAsync(Cancel));

        Assert.Contains(worker.DeadQueue, record.Message, StringComparison.Ordinal);
        Assert.Equal(["failed"], end.Select(message => message.Status));
        Assert.Equal(1, (await Bus.CountAsync(worker.DeadQueue)).Messages);
    }

    /// <summary>
    /// The call that asks for the exchange times out before the silent connection is given up, so SendAsync has to wait
    /// for the next connection.
    /// </summary>
    [Fact]
    public async Task SendAsync_WhileTheBrokerIsSilent_WaitsForTheNextConnection()
    {
        var time = new FakeTimeProvider();
        RunningWorker? self = null;
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var worker = await StartAsync(time, async (job, cancel) =>
        {
            await UntilAsync(() => self!.Unconfirmed == 0);
            wire.HoldDeliveries();
            return await job.SendAsync("nobody", "x", "amq.topic", cancel: cancel);
        }, wire.Setting, ("Broker:ConnectTimeout", "00:01:00"), ("Broker:ConfirmTimeout", "00:01:00"));
        self = worker;

        var running = session.RunAsync(worker.Name, "{}", Cancel);
        // the consumption probe gives its own three calls three times as long, and then ends the connection
        await time.RunUntilAsync(worker.Logs.WaitAsync(LogId.ConnectionLost, Cancel), speed: 500);
        var messages = await time.RunUntilAsync(running, speed: 5);

        Assert.Equal(["started", "completed"], messages.Select(message => message.Status));
        Assert.False(messages[^1].Data.GetBoolean());
        await UntilAsync(() => worker.Logs.WithId(LogId.Consuming).Count == 2);
    }

    [Fact]
    public async Task AckAsync_WhileDisconnected_Returns()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        var (disconnected, acked) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var worker = await StartAsync(async (job, _) =>
        {
            await disconnected.Task;
            await job.AckAsync(CancellationToken.None);
            acked.SetResult();
            return null;
        }, wire.Setting);

        session.Send(worker.Name, "{}");
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        await worker.Logs.WaitAsync(LogId.ConnectionLost, Cancel);
        disconnected.SetResult();
        await acked.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        wire.Resume();

        Assert.Equal("completed", (await session.ReceiveUntilTerminalAsync(Cancel))[^1].Status);
    }

    [Fact]
    public async Task Setting_InvalidAtAReconnect_IsReadAgainAtTheNext()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var worker = await StartAsync(_ => null, wire.Setting, ("Broker:Port", "5672"));
        var settings = worker.Services.GetRequiredService<IConfiguration>();

        settings["Broker:Port"] = "none";
        wire.Cut();
        var record = await worker.Logs.WaitAsync(LogId.CouldNotConnect, Cancel);
        settings["Broker:Port"] = "5672";

        Assert.Contains("Broker:Port", record.Message, StringComparison.Ordinal);
        Assert.Equal("completed", (await session.RunAsync(worker.Name, "{}", Cancel))[^1].Status);
    }

    /// <summary>Up to RabbitMQ 4.2, a queue counts a requeued delivery like a lost one.</summary>
    [Fact]
    public async Task Job_RequeuedBeforeItStarted_IsNotCountedAsAnAttempt()
    {
        if (await BrokerVersionAsync() < new Version(4, 3)) Assert.Skip("this broker counts every delivery");
        await using var session = await Bus.OpenAsync();
        var (name, waitingId) = await StopWithAStartedAndAWaitingJobAsync(session);

        await using var second = await StartAsync(job => job.Attempt, ("Worker:Queue", name));
        var ends = await EndsAsync(session, 2);

        Assert.Equal(("completed", 1), (ends[waitingId].Status, ends[waitingId].Data.GetInt32()));
    }

    /// <summary>
    /// RabbitMQ 4.3 counts neither requeued deliveries nor those in flight on a lost cluster node, so the next worker
    /// can't tell whether a job had started.
    /// </summary>
    [Fact]
    public async Task Jobs_UnfinishedByAnotherWorkerWithOnRedeliveryFail_Fail()
    {
        await using var session = await Bus.OpenAsync();
        var onRedelivery = ("Worker:OnRedelivery", "Fail");
        var (name, _) = await StopWithAStartedAndAWaitingJobAsync(session, ("Worker:Prefetch", "2"), onRedelivery);

        await using var second = await StartAsync(job => job.Attempt, ("Worker:Queue", name), onRedelivery);

        Assert.All((await EndsAsync(session, 2)).Values, end => Assert.Equal("failed", end.Status));
    }

    /// <summary>An output call that throws because the worker stops must not fail the job.</summary>
    [Fact]
    public async Task Jobs_WritingOutputWhenStopped_AreRequeuedAndDoNotFail()
    {
        const int jobs = 8;
        await using var session = await Bus.OpenAsync();
        using var started = new CountdownEvent(jobs);
        await using var first = await StartAsync(Task<object?> (job, cancel) =>
        {
            started.Signal();
            while (!cancel.IsCancellationRequested) job.Output.LogInformation("and so on");
            throw new OperationCanceledException(cancel);
        }, ("Worker:Concurrency", $"{jobs}"), ("Worker:DrainTimeout", "00:00:00.3"));
        first.KeepQueues = true;
        for (var i = 0; i < jobs; i++) session.Send(first.Name, "{}");
        await UntilAsync(() => started.IsSet);
        await first.StopAsync();

        await using var second = await StartAsync(_ => null, ("Worker:Queue", first.Name));

        Assert.All((await EndsAsync(session, jobs)).Values, end => Assert.Equal("completed", end.Status));
    }

    /// <summary>Stops a worker that has started a job and holds another that waits.</summary>
    /// <returns>The worker's name and the id of the waiting job.</returns>
    private async Task<(string Name, string WaitingId)> StopWithAStartedAndAWaitingJobAsync(
        Session session, params (string Key, string Value)[] settings)
    {
        var started = new TaskCompletionSource();
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, [("Worker:Concurrency", "1"), .. settings]);
        worker.KeepQueues = true;
        using var deliveries = new CounterSum(worker.Services, "reworker.deliveries");
        session.Send(worker.Name, "{}");
        await started.Task.WaitAsync(Cancel);
        var waitingId = session.Send(worker.Name, "{}");
        await UntilAsync(() => deliveries.Value == 2);
        await worker.StopAsync();
        return (worker.Name, waitingId);
    }

    private static async Task<Dictionary<string, ReceivedMessage>> EndsAsync(Session session, int count)
    {
        var ends = new Dictionary<string, ReceivedMessage>();
        while (ends.Count < count)
        {
            var message = await session.NextAsync(Cancel);
            if (message.IsTerminal) ends.Add(message.Property("correlation_id")!, message);
        }
        return ends;
    }

    private async Task<Version> BrokerVersionAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = Bus.Amqp }.CreateConnectionAsync(Cancel);
        return Version.Parse(System.Text.Encoding.UTF8.GetString((byte[])connection.ServerProperties!["version"]!));
    }
}
