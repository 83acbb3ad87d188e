using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The order of what one job says, and what is safe before the job is acknowledged.</summary>
public sealed class OrderTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly Dictionary<string, object> TakesOneMessage = new() { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" };

    [Fact, Contract("Order / started, output, terminal")]
    public async Task Messages_OfManyJobsAtOnce_KeepTheirOrder()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            for (var i = 0; i < 20; i++)
            {
                job.Output.LogInformation("line {Number}", i);
                if (i % 7 == 0) await Task.Yield();
            }
            return null;
        });
        await using var session = await Bus.OpenAsync();

        for (var i = 0; i < 100; i++) session.Send(worker.Name, "{}");
        var all = new List<ReceivedMessage>();
        while (all.Count(one => one.IsTerminal) < 100) all.Add(await session.NextAsync(Cancel));

        foreach (var job in all.GroupBy(one => one.Property("correlation_id")))
        {
            Rules.CheckJob([.. job], job.Key);
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"line {i}"), job.Where(one => one.IsOutput).Select(one => one.Line));
        }
    }

    [Fact, Contract("Order / confirmed before the ack")]
    public async Task Ack_ReplyNotConfirmed_Waits()
    {
        var full = $"test-replies-{Guid.NewGuid():n}";
        await Bus.DeclareAsync(full, TakesOneMessage);
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(_ => null, wire.Setting);
        await using var session = await Bus.OpenAsync();

        // `started` fills the queue: the broker refuses to confirm `completed`
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "waits", ["reply_to"] = full });
        await UntilAsync(async () => (await Bus.CountAsync(full)).Messages == 1 && !worker.IsBusy);
        await Task.Delay(300, Cancel);
        // a job that was not acknowledged comes back into its queue
        wire.Cut(stayDown: true);
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Messages == 1);

        wire.Resume();
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);
        await worker.StopAsync();

        Assert.Equal(("started", "completed"), (first.Json.GetProperty("status").GetString(), second.Json.GetProperty("status").GetString()));
        Rules.Check(second, "waits");
        Assert.Equal(0, (await Bus.CountAsync(worker.Queue)).Messages);
        await Bus.DeleteAsync(full);
    }

    /// <summary>A full queue refuses `started`; there is room again when the job ends, and nobody has tried it again yet.</summary>
    [Fact, Contract("Order / started, output, terminal")]
    public async Task Started_RefusedByAFullQueue_ComesAheadOfTheEnd()
    {
        var end = new TaskCompletionSource();
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            await end.Task.WaitAsync(cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var full = await RefuseStartedAsync(worker, session);
        await Bus.TakeAsync(full, Cancel);
        end.SetResult();
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);
        await worker.StopAsync();

        Assert.Equal(("started", "completed"), (first.Json.GetProperty("status").GetString(), second.Json.GetProperty("status").GetString()));
        await Bus.DeleteAsync(full);
    }

    /// <summary>The requester's trouble is not the step's: its code goes on, however much it says.</summary>
    [Fact]
    public async Task Output_WhileTheReplyQueueIsFull_HoldsUpNoCode()
    {
        const int lines = 300;
        var (refused, said) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await refused.Task.WaitAsync(cancel);
            for (var i = 0; i < lines; i++) job.Output.LogInformation("{Number}", i);
            said.SetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var full = await RefuseStartedAsync(worker, session);
        refused.SetResult();
        await said.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await Bus.TakeAsync(full, Cancel);
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);

        Assert.Equal(("started", "completed"), (first.Json.GetProperty("status").GetString(), second.Json.GetProperty("status").GetString()));
        await Bus.DeleteAsync(full);
    }

    [Fact, Contract("Order / sent again under the same id"), Contract("Job's end / started once")]
    public async Task Messages_NotConfirmedWhenTheConnectionDies_AreSentAgainInOrderUnderTheSameIds()
    {
        const int lines = 600;
        RunningWorker? self = null;
        var arrived = new TaskCompletionSource();
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            for (var i = 0; i < lines; i++)
            {
                if (i == 100)
                {
                    await UntilAsync(() => Task.FromResult(self!.Unconfirmed == 0));
                    wire.HoldConfirms();
                }
                if (i == 300)
                {
                    await arrived.Task.WaitAsync(cancel);
                    wire.Cut();
                }
                job.Output.LogInformation("{Number}", i);
            }
            return null;
        }, wire.Setting);
        self = worker;
        await using var session = await Bus.OpenAsync();

        session.Send(worker.Name, "{}");
        var all = new List<ReceivedMessage>();
        do
        {
            all.Add(await session.NextAsync(Cancel));
            if (all[^1] is { IsOutput: true, Line: "200" }) arrived.TrySetResult();
        }
        while (!all[^1].IsTerminal);

        var copies = all.GroupBy(one => one.Property("message_id")).Where(one => one.Count() > 1).ToList();
        Assert.NotEmpty(copies);
        Assert.All(copies, one => Assert.Single(one.Select(copy => copy.Body).Distinct()));
        var once = all.DistinctBy(one => one.Property("message_id")).ToList();
        Rules.CheckJob(once, once[0].Property("correlation_id"));
        Assert.Equal(Enumerable.Range(0, lines), once.Where(one => one.IsOutput).Select(one => int.Parse(one.Line, CultureInfo.InvariantCulture)));
        Assert.Single(all, one => one.Status == "started");
    }

    /// <summary>Fills a reply queue, sends a job that replies there, and waits until its `started` has been refused.</summary>
    private async Task<string> RefuseStartedAsync(RunningWorker worker, Session session)
    {
        var full = $"test-replies-{Guid.NewGuid():n}";
        await Bus.DeclareAsync(full, TakesOneMessage);
        session.SendRaw(full, "{}"u8.ToArray(), [], exchange: "", prefix: "");
        await UntilAsync(async () => (await Bus.CountAsync(full)).Messages == 1);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "waits", ["reply_to"] = full });
        await UntilAsync(() => Task.FromResult(worker.IsBusy));
        await Task.Delay(200, Cancel);
        return full;
    }
}
