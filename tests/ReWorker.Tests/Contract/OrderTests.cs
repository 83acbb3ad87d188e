using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The order of a job's messages, and what the broker has confirmed before the job is acknowledged.</summary>
public sealed class OrderTests(PikaBus bus) : ContractTest(bus)
{
    private const string Sent = "messaging.client.sent.messages";

    private static readonly (string, string) Nacked = ("error.type", "nacked");

    private static readonly Dictionary<string, object> RoomForOneMessage =
        new() { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" };

    [Fact, Contract("Order / started, output, terminal")]
    public async Task Messages_OfConcurrentJobs_KeepTheirOrder()
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
        var messages = new List<ReceivedMessage>();
        while (messages.Count(message => message.IsTerminal) < 100) messages.Add(await session.NextAsync(Cancel));

        foreach (var job in messages.GroupBy(message => message.Property("correlation_id")))
        {
            Rules.CheckJob([.. job], job.Key);
            Assert.Equal(
                Enumerable.Range(0, 20).Select(i => $"line {i}"),
                job.Where(message => message.IsOutput).Select(message => message.Line));
        }
    }

    [Fact, Contract("Order / confirmed before the ack")]
    public async Task Ack_ReplyUnconfirmed_IsWithheld()
    {
        var full = $"test-replies-{Guid.NewGuid():n}";
        await Bus.DeclareAsync(full, RoomForOneMessage);
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(_ => null, wire.Setting);
        await using var session = await Bus.OpenAsync();
        using var nacked = new CounterSum(worker.Services, Sent, Nacked);

        // `started` fills the queue, so the broker nacks `completed`
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "waits", ["reply_to"] = full });
        await UntilAsync(() => nacked.Value > 0);
        await wire.WaitUntilQuietAsync(Cancel);
        // the broker requeues a job that was not acknowledged
        wire.Cut(stayDown: true);
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Messages == 1);

        wire.Resume();
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);

        Assert.Equal(("started", "completed"), (first.Status, second.Status));
        Rules.Check(second, "waits");
        // the reply may be confirmed before the broker has redelivered the job
        await UntilAsync(async () => (await Bus.CountAsync(worker.Queue)).Messages == 0);
        Assert.Equal(0, await worker.StopAndCountAsync());
        await Bus.DeleteAsync(full);
    }

    /// <summary>The full reply queue has room again when the job ends, before `started` was resent.</summary>
    [Fact, Contract("Order / started, output, terminal")]
    public async Task Started_NackedByAFullQueue_PrecedesTheTerminalReply()
    {
        var end = new TaskCompletionSource();
        await using var worker = await StartAsync(async (_, cancel) =>
        {
            await end.Task.WaitAsync(cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var full = await SendJobWhoseStartedIsNackedAsync(worker, session);
        await Bus.TakeAsync(full, Cancel);
        end.SetResult();
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);
        await worker.StopAsync();

        Assert.Equal(("started", "completed"), (first.Status, second.Status));
        await Bus.DeleteAsync(full);
    }

    /// <summary>A requester with a full reply queue must not delay the step, however much output it writes.</summary>
    [Fact]
    public async Task Output_WhileTheReplyQueueIsFull_DoesNotBlockTheStep()
    {
        const int lines = 300;
        var (nacked, written) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await nacked.Task.WaitAsync(cancel);
            for (var i = 0; i < lines; i++) job.Output.LogInformation("{Number}", i);
            written.SetResult();
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var full = await SendJobWhoseStartedIsNackedAsync(worker, session);
        nacked.SetResult();
        await written.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await Bus.TakeAsync(full, Cancel);
        var first = await Bus.TakeAsync(full, Cancel);
        var second = await Bus.TakeAsync(full, Cancel);

        Assert.Equal(("started", "completed"), (first.Status, second.Status));
        await Bus.DeleteAsync(full);
    }

    [Fact, Contract("Order / sent again under the same id"), Contract("Job's end / started once")]
    public async Task Messages_UnconfirmedWhenTheConnectionDies_AreResentInOrderWithTheSameIds()
    {
        // fewer unconfirmed lines than would make the step wait
        const int firstHeld = 100, held = 50, lines = 600;
        RunningWorker? self = null;
        var arrived = new TaskCompletionSource();
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            for (var i = 0; i < lines; i++)
            {
                if (i == firstHeld)
                {
                    await UntilAsync(() => self!.Unconfirmed == 0);
                    wire.HoldConfirms();
                }
                if (i == firstHeld + held)
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
        var messages = new List<ReceivedMessage>();
        do
        {
            messages.Add(await session.NextAsync(Cancel));
            if (messages[^1].IsOutput && messages[^1].Line == $"{firstHeld + held - 1}") arrived.TrySetResult();
        }
        while (!messages[^1].IsTerminal);

        // what follows the held lines may have been sent before the worker noticed the cut, and then comes again too
        var distinct = messages.DistinctBy(message => message.Property("message_id")).ToList();
        Rules.CheckJob(distinct, distinct[0].Property("correlation_id"));
        Assert.Equal(Enumerable.Range(0, lines), Numbers(distinct));
        var copies = messages.Except(distinct).ToList();
        Assert.Equal(Enumerable.Range(firstHeld, held), Numbers(copies).Take(held));
        Assert.All(copies, copy => Assert.Equal(
            copy.Body, distinct.Single(first => first.Property("message_id") == copy.Property("message_id")).Body));
        Assert.Single(messages, message => message.Status == "started");

        static IEnumerable<int> Numbers(IEnumerable<ReceivedMessage> messages) =>
            messages.Where(message => message.IsOutput)
                .Select(message => int.Parse(message.Line, CultureInfo.InvariantCulture));
    }

    /// <summary>Fills a reply queue, sends a job that replies to it and waits until its `started` was nacked.</summary>
    private async Task<string> SendJobWhoseStartedIsNackedAsync(RunningWorker worker, Session session)
    {
        var full = $"test-replies-{Guid.NewGuid():n}";
        using var nacked = new CounterSum(worker.Services, Sent, Nacked);
        await Bus.DeclareAsync(full, RoomForOneMessage);
        session.SendRaw(full, "{}"u8.ToArray(), [], exchange: "", prefix: "");
        await UntilAsync(async () => (await Bus.CountAsync(full)).Messages == 1);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = "waits", ["reply_to"] = full });
        await UntilAsync(() => nacked.Value > 0 && worker.IsBusy);
        return full;
    }
}
