using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What is only there for a while: queues, connections, settings that can be read.</summary>
public sealed class RecoveryTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Job_ToBeParkedWithoutADeadLetterQueue_IsKeptUntilThereIsOne()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        await Bus.DeleteAsync(worker.DeadQueue);

        session.SendRaw(worker.Name, "{"u8.ToArray(), new() { ["correlation_id"] = "x", ["reply_to"] = session.ReplyTo });
        var said = await worker.Logs.WaitAsync(22, Cancel);
        await Bus.DeclareAsync(worker.DeadQueue, new { });
        var end = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Contains(worker.DeadQueue, said.Message, StringComparison.Ordinal);
        Assert.Equal(["failed"], end.Select(one => one.Status));
        Assert.Equal(1, (await Bus.CountAsync(worker.DeadQueue)).Messages);
    }

    /// <summary>A silent line is found dead later than a single question is given up: the question has to wait for the next connection.</summary>
    [Fact]
    public async Task SendAsync_WhileTheBrokerIsSilent_WaitsForTheNextConnection()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            wire.HoldAnswers();
            return await job.SendAsync("nobody", "x", "amq.topic", cancel: cancel);
        }, wire.Setting, ("Broker:ConnectTimeout", "00:00:01"), ("Broker:Heartbeat", "00:00:02"));

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["started", "completed"], all.Select(one => one.Status));
        Assert.False(all[^1].Data.GetBoolean());
        Assert.Equal(2, worker.Logs.WithId(40).Count);
    }

    [Fact]
    public async Task AckAsync_WhileTheBrokerIsAway_Returns()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        var (away, acked) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var worker = await StartAsync(async (job, _) =>
        {
            await away.Task;
            await job.AckAsync(CancellationToken.None);
            acked.SetResult();
            return null;
        }, wire.Setting);

        session.Send(worker.Name, "{}");
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        await worker.Logs.WaitAsync(41, Cancel);
        away.SetResult();
        await acked.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        wire.Resume();

        Assert.Equal("completed", (await session.ReceiveUntilTerminalAsync(Cancel))[^1].Status);
    }

    [Fact]
    public async Task Setting_ThatCantBeReadAtAReconnect_IsReadAgainAtTheNext()
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await using var worker = await StartAsync(_ => null, wire.Setting, ("Broker:Port", "5672"));
        var settings = worker.Services.GetRequiredService<IConfiguration>();

        settings["Broker:Port"] = "none";
        wire.Cut();
        var said = await worker.Logs.WaitAsync(42, Cancel);
        settings["Broker:Port"] = "5672";

        Assert.Contains("Broker:Port", said.Message, StringComparison.Ordinal);
        Assert.Equal("completed", (await session.RunAsync(worker.Name, "{}", Cancel))[^1].Status);
    }

    /// <summary>Up to RabbitMQ 4.2 a queue counts what was handed back like what was lost.</summary>
    [Fact]
    public async Task Job_HandedBackBeforeItBegan_IsNoAttempt()
    {
        if (await BrokerVersionAsync() < new Version(4, 3)) Assert.Skip("this broker counts each delivery");
        await using var session = await Bus.OpenAsync();
        var (name, waits) = await StopWithOneBegunAndOneFetchedAsync(session);

        await using var second = await StartAsync(job => job.Attempt, ("Worker:Queue", name));
        var ends = await EndsAsync(session, 2);

        Assert.Equal(("completed", 1), (ends[waits].Status, ends[waits].Data.GetInt32()));
    }

    /// <summary>RabbitMQ 4.3 counts neither what is handed back nor what was in hand over a node that its cluster lost: what had begun, nobody can tell.</summary>
    [Fact]
    public async Task Job_ThatAnotherHadAndDidNotEnd_FailsWhereItMustNotRunTwice()
    {
        await using var session = await Bus.OpenAsync();
        var (name, _) = await StopWithOneBegunAndOneFetchedAsync(session, ("Worker:Prefetch", "2"), ("Worker:OnRedelivery", "Fail"));

        await using var second = await StartAsync(job => job.Attempt, ("Worker:Queue", name), ("Worker:OnRedelivery", "Fail"));

        Assert.All((await EndsAsync(session, 2)).Values, end => Assert.Equal("failed", end.Status));
    }

    /// <summary>Told to stop in the middle of a line: what the line throws then is no failure of the step's.</summary>
    [Fact]
    public async Task Jobs_ThatTalkWhenTheyAreStopped_AreHandedBackAndNotFailed()
    {
        const int jobs = 8;
        await using var session = await Bus.OpenAsync();
        using var began = new CountdownEvent(jobs);
        await using var first = await StartAsync(Task<object?> (job, cancel) =>
        {
            began.Signal();
            while (!cancel.IsCancellationRequested) job.Output.LogInformation("and so on");
            throw new OperationCanceledException(cancel);
        }, ("Worker:Concurrency", $"{jobs}"), ("Worker:DrainTimeout", "00:00:00.3"));
        first.KeepQueues = true;
        for (var one = 0; one < jobs; one++) session.Send(first.Name, "{}");
        await UntilAsync(() => Task.FromResult(began.IsSet));
        await first.StopAsync();

        await using var second = await StartAsync(_ => null, ("Worker:Queue", first.Name));

        Assert.All((await EndsAsync(session, jobs)).Values, end => Assert.Equal("completed", end.Status));
    }

    /// <returns>The worker's name, and the id of the job that it had fetched and not begun.</returns>
    private async Task<(string Name, string Waits)> StopWithOneBegunAndOneFetchedAsync(Session session, params (string Key, string Value)[] settings)
    {
        var began = new TaskCompletionSource();
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            began.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, [("Worker:Concurrency", "1"), .. settings]);
        worker.KeepQueues = true;
        session.Send(worker.Name, "{}");
        await began.Task.WaitAsync(Cancel);
        var waits = session.Send(worker.Name, "{}");
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Messages == 0);
        await worker.StopAsync();
        return (worker.Name, waits);
    }

    private static async Task<Dictionary<string, ReceivedMessage>> EndsAsync(Session session, int count)
    {
        var ends = new Dictionary<string, ReceivedMessage>();
        while (ends.Count < count)
        {
            var heard = await session.NextAsync(Cancel);
            if (heard.IsTerminal) ends.Add(heard.Property("correlation_id")!, heard);
        }
        return ends;
    }

    private async Task<Version> BrokerVersionAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = Bus.Amqp }.CreateConnectionAsync(Cancel);
        return Version.Parse(System.Text.Encoding.UTF8.GetString((byte[])connection.ServerProperties!["version"]!));
    }
}
