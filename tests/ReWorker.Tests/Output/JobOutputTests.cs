using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Options;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>A job's output for users, and its notifications.</summary>
public sealed class JobOutputTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Messages / user output")]
    public async Task Output_ScopesAndExceptions_AreForUsers()
    {
        await using var worker = await StartAsync(job =>
        {
            using (job.Output.BeginScope("host {Host}", "a"))
            using (job.Output.BeginScope("try 2"))
                job.Output.LogWarning(new InvalidOperationException("it broke"), "Could not {What}", "frob");
            job.Output.LogError(new InvalidOperationException("alone"), "");
            job.Output.LogTrace("too fine");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(
            ["[host a] [try 2] Could not frob: it broke", "alone"],
            all.Where(message => message.IsOutput).Select(message => message.Line));
    }

    [Fact, Contract("Order / nothing after the end")]
    public async Task Output_AfterTheEnd_IsRefusedAndNotSent()
    {
        ILogger? kept = null;
        Job? late = null;
        await using var worker = await StartAsync(job =>
        {
            (kept, late) = (job.Output, job);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        await session.RunAsync(worker.Name, """{"notify":{"completed":{"irc":["#a"]}}}""", Cancel);

        var error = Assert.Throws<InvalidOperationException>(() => kept!.LogInformation("late"));
        Assert.Equal("The job has ended: nothing more can be sent for it.", error.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => late!.SendAsync("topic", "late", cancel: Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => late!.NotifyAsync("s", "m", Phase.Completed, cancel: Cancel));
        await worker.StopAsync();
        Assert.Empty(await session.DrainAsync());
    }

    [Fact, Contract("Order / started, output, terminal")]
    public async Task Output_OfAJobThatNeverPauses_HoldsUpNobodyAndKeepsItsOrder()
    {
        const int minLines = 1_000, maxLines = 10_000, small = 3;
        var (lines, maxUnconfirmed) = (0, 0);
        RunningWorker? self = null;
        CounterSum? ended = null;
        await using var worker = await StartAsync(job =>
        {
            if (job.Group != "large") return null;
            for (; lines < minLines || (ended!.Value < small && lines < maxLines); lines++)
            {
                job.Output.LogInformation("{Number}", lines);
                maxUnconfirmed = Math.Max(maxUnconfirmed, self!.Unconfirmed);
            }
            return null;
        });
        self = worker;
        await using var session = await Bus.OpenAsync();
        using var completed = ended = new CounterSum(worker.Services, "reworker.jobs", ("outcome", "completed"));

        var large = session.Send(worker.Name, """{"group":"large"}""");
        for (var i = 0; i < small; i++) session.Send(worker.Name, "{}");
        var messages = new List<ReceivedMessage>();
        do messages.Add(await session.NextAsync(Cancel));
        while (!messages[^1].IsTerminal || messages[^1].Property("correlation_id") != large);

        // all others ended before the large job, which goes on until they have
        Assert.Equal(small + 1, messages.Count(message => message.IsTerminal));
        Assert.Equal(
            Enumerable.Range(0, lines).Select(i => $"{i}"),
            messages.Where(message => message.IsOutput).Select(message => message.Line));
        // unconfirmed messages, and so memory, are bounded: 64 lines, and the statuses of four jobs
        Assert.InRange(maxUnconfirmed, 1, 64 + (2 * (small + 1)));
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notifications_OwnOnes_TakeThePlaceOfTheAutomatic()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("my own", "text", Phase.Completed, cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(
            worker.Name, """{"notify":{"started":{"irc":["#a"]},"completed":{"irc":["#a"]}}}""", Cancel);

        var notifications = all.Where(message => message.Key == "notify.irc");
        Assert.Equal(
            ["FrobWorker started", "my own"],
            notifications.Select(message => message.Json.GetProperty("slug").GetString()));
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notifications_SwitchedOff_AreTheStepsAlone()
    {
        await using var worker = await StartAsync(_ => null, ("Worker:AutoNotify", "false"));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal(["started", "completed"], all.Select(message => message.Status));
    }

    [Fact, Contract("Names / a worker's queue")]
    public async Task Workers_TwoInAProcess_HaveTheirQueuesAndShareTheConnections()
    {
        var other = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var worker = await RunningWorker.StartAsync(Bus, host =>
        {
            host.Services.AddSingleton(new Frob((_, _, _) => Task.FromResult<object?>("frob")));
            host.AddWorker<FrobWorker>().AddWorker<OtherWorker>(queue: other);
        }, Cancel);
        await using var session = await Bus.OpenAsync();

        var first = await session.RunAsync(worker.Name, "{}", Cancel);
        var second = await session.RunAsync(other, "{}", Cancel);

        Rules.CheckJob(first, first[0].Property("correlation_id"));
        Rules.CheckJob(second, second[0].Property("correlation_id"), appId: "otherworker");
        Assert.Equal(("frob", "other"), (first[^1].Data.GetString(), second[^1].Data.GetString()));
        await worker.StopAsync();
        await Bus.DeleteAsync($"worker.{other}", $"worker.{other}.dead");
    }
}
