using System.Diagnostics;
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
    public async Task Output_TenThousandLinesOfOneJob_HoldUpNobodyAndKeepTheirOrder()
    {
        const int lines = 10_000;
        var maxUnconfirmed = 0L;
        RunningWorker? self = null;
        await using var worker = await StartAsync(job =>
        {
            if (job.Group != "large") return null;
            for (var i = 0; i < lines; i++)
            {
                job.Output.LogInformation("{Number}", i);
                maxUnconfirmed = Math.Max(maxUnconfirmed, self!.Unconfirmed);
            }
            return null;
        });
        self = worker;
        await using var session = await Bus.OpenAsync();

        var large = session.Send(worker.Name, """{"group":"large"}""");
        var heard = new List<ReceivedMessage>();
        var (small, slowest) = ("", TimeSpan.Zero);
        var neighbours = 0;
        var (watch, whole) = (Stopwatch.StartNew(), Stopwatch.StartNew());
        while (!heard.Any(one => one.IsTerminal && one.Property("correlation_id") == large))
        {
            if (small.Length == 0)
            {
                small = session.Send(worker.Name, "{}");
                watch.Restart();
            }
            var one = await session.NextAsync(Cancel);
            if (one.Property("correlation_id") == large || one.IsTerminal) heard.Add(one);
            if (!one.IsTerminal || one.Property("correlation_id") != small) continue;
            (small, slowest) = ("", watch.Elapsed > slowest ? watch.Elapsed : slowest);
            neighbours++;
        }

        Assert.Equal(
            Enumerable.Range(0, lines).Select(i => $"{i}"),
            heard.Where(message => message.IsOutput).Select(message => message.Line));
        Assert.InRange(neighbours, 3, int.MaxValue);
        // a small job that had to wait for the large one would wait until its end
        Assert.InRange(slowest, TimeSpan.Zero, whole.Elapsed / 2);
        // unconfirmed messages, and so memory, are bounded, however much a job outputs
        Assert.InRange(maxUnconfirmed, 1, 300);
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
