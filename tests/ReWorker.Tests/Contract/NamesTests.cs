using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The names on the broker.</summary>
public sealed class NamesTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Names / exchange")]
    public async Task Exchange_WorkerStarted_IsTopicAndDurable()
    {
        await using var worker = await StartAsync(_ => null);

        // a declaration that differs from what is there is refused with 406
        await Bus.AskAsync("exchange", new { name = "re", kind = "topic", durable = true });
        var other = await Assert.ThrowsAsync<InvalidOperationException>(() => Bus.AskAsync("exchange", new { name = "re", kind = "topic", durable = false }));

        Assert.StartsWith("406", other.Message, StringComparison.Ordinal);
    }

    [Fact, Contract("Names / a worker's queue")]
    public async Task Queue_Configured_IsDurableAndBoundByItsOwnName()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        // by the exchange, and by the queue's name alone
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "by exchange", ["reply_to"] = session.ReplyTo });
        var first = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "by name", ["reply_to"] = session.ReplyTo }, exchange: "");
        var second = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(["started", "completed", "started", "completed"], first.Concat(second).Select(one => one.Status));
        Assert.Contains($"{worker.Queue}\ttrue\tfalse", await Bus.RunRabbitmqctlAsync("-q", "list_queues", "name", "durable", "auto_delete"), StringComparison.Ordinal);
    }

    [Fact, Contract("Names / a worker's queue")]
    public async Task Queue_NotConfigured_IsTheClassNameInLowerCase()
    {
        await using var worker = await StartAsync(_ => null, ("Worker:Queue", ""));

        Assert.Contains(worker.Logs.WithId(40), one => one.Message.Contains("worker.frobworker ", StringComparison.Ordinal));
        Assert.Equal("worker.frobworker", worker.Queue);
    }

    [Fact, Contract("Names / notifications"), Contract("Names / replies"), Contract("Names / user output")]
    public async Task Addresses_OfAJobsMessages_AreTheContracts()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal(
            [("", session.ReplyTo), ("re", "notify.irc"), ("re", "output"), ("re", "notify.email"), ("", session.ReplyTo)],
            all.Select(one => (one.Exchange, one.Key)));
        Assert.StartsWith("amq.gen-", session.ReplyTo, StringComparison.Ordinal);
    }

    [Fact, Contract("Names / what is there already")]
    public async Task Queue_DeclaredBefore_IsUsedAsItIsAndSaidOnce()
    {
        var name = $"test-{Guid.NewGuid():n}";
        await Bus.DeclareAsync($"worker.{name}", new Dictionary<string, object> { ["x-queue-type"] = "classic", ["x-max-length"] = 1000 });
        await using var worker = await StartAsync(_ => null, ("Worker:Queue", name));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(name, "{}", Cancel);

        Assert.Equal(["started", "completed"], all.Select(one => one.Status));
        Assert.Single(worker.Logs.WithId(50), one => one.Message.Contains(worker.Queue, StringComparison.Ordinal));
        Assert.Empty(worker.Logs.WithId(41));
        Assert.Single(worker.Logs.WithId(40));
    }
}
