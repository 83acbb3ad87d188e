using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The names and the arguments of exchanges and queues.</summary>
public sealed class NamesTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Names / exchange")]
    public async Task Exchange_WorkerStarted_IsTopicAndDurable()
    {
        // the broker answers 406 to a declaration that differs from the existing exchange, and the worker logs that
        await DeclareAsync(durable: true);
        await using var worker = await StartAsync(_ => null);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => DeclareAsync(durable: false));

        Assert.StartsWith("406", error.Message, StringComparison.Ordinal);
        Assert.Empty(worker.Logs.WithId(LogId.ExistsWithOtherArguments));

        Task DeclareAsync(bool durable) => Bus.CallAsync("exchange", new { name = "re", kind = "topic", durable });
    }

    [Fact, Contract("Names / a worker's queue")]
    public async Task Queue_Configured_IsDurableAndBoundToItsOwnName()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        // once through the exchange, and once directly to the queue
        session.SendRaw(worker.Name, "{}"u8.ToArray(), session.Properties("through the exchange"));
        var first = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), session.Properties("directly"), exchange: "");
        var second = await session.ReceiveUntilTerminalAsync(Cancel);

        var queues = await Bus.RunRabbitmqctlAsync("-q", "list_queues", "name", "durable", "auto_delete");

        Assert.Equal(["started", "completed"], first.Select(message => message.Status));
        Assert.Equal(["started", "completed"], second.Select(message => message.Status));
        Assert.Contains($"{worker.Queue}\ttrue\tfalse", queues, StringComparison.Ordinal);
    }

    [Fact, Contract("Names / a worker's queue")]
    public async Task Queue_NotConfigured_HasTheClassNameInLowerCase()
    {
        await using var worker = await StartAsync(_ => null, ("Worker:Queue", ""));

        Assert.Contains(
            worker.Logs.WithId(LogId.Consuming),
            record => record.Message.Contains("worker.frobworker ", StringComparison.Ordinal));
        Assert.Equal("worker.frobworker", worker.Queue);
    }

    [Fact, Contract("Names / notifications"), Contract("Names / replies"), Contract("Names / user output")]
    public async Task Messages_OfAJob_GoToTheContractsAddresses()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal(
            [
                ("", session.ReplyTo), ("re", "notify.irc"), ("re", "output"), ("re", "notify.email"),
                ("", session.ReplyTo),
            ],
            messages.Select(message => (message.Exchange, message.Key)));
        Assert.StartsWith("amq.gen-", session.ReplyTo, StringComparison.Ordinal);
    }

    [Fact, Contract("Names / existing objects")]
    public async Task Queue_ExistsWithOtherArguments_IsUsedAsIsAndLoggedOnce()
    {
        var name = $"test-{Guid.NewGuid():n}";
        var arguments = new Dictionary<string, object> { ["x-queue-type"] = "classic", ["x-max-length"] = 1000 };
        await Bus.DeclareAsync($"worker.{name}", arguments);
        await using var worker = await StartAsync(_ => null, ("Worker:Queue", name));
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(name, "{}", Cancel);

        Assert.Equal(["started", "completed"], messages.Select(message => message.Status));
        Assert.Single(
            worker.Logs.WithId(LogId.ExistsWithOtherArguments),
            record => record.Message.Contains(worker.Queue, StringComparison.Ordinal));
        Assert.Empty(worker.Logs.WithId(LogId.ConnectionLost));
        Assert.Single(worker.Logs.WithId(LogId.Consuming));
    }
}
