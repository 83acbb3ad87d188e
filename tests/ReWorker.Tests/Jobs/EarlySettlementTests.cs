using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A step that acknowledges or rejects its job before its end, in every order.</summary>
public sealed class EarlySettlementTests
{
    private const string AlreadySettled =
        "The job is already settled: it can be acknowledged or rejected once, before its end.";

    [Theory]
    [InlineData("ack", "started Ack flush completed", "completed")]
    [InlineData("requeue", "started RequeueCounted flush", "requeued")]
    [InlineData("reject", "started flush Parked completed Ack", "completed")]
    public async Task Step_SettlesAndReturns_IsAnsweredUnlessItRunsAgain(string how, string events, string outcome)
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await SettleAsync(job, how, cancel);
            return null;
        });

        var job = await bench.RunAsync(bench.Deliver());

        Assert.Equal(events, string.Join(' ', bench.Bus.Events));
        Assert.Equal(JobState.Ended, job.State);
        Assert.Equal(outcome, Outcome(bench));
    }

    [Theory]
    [InlineData("ack", "started Ack flush failed", "failed")]
    [InlineData("requeue", "started RequeueCounted flush", "requeued")]
    [InlineData("reject", "started flush Parked failed Ack", "failed")]
    public async Task Step_SettlesAndThrows_IsAnsweredUnlessItRunsAgain(string how, string events, string outcome)
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await SettleAsync(job, how, cancel);
            throw new InvalidOperationException("no");
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal((events, outcome), (string.Join(' ', bench.Bus.Events), Outcome(bench)));
    }

    /// <summary>The process stops: nobody else can answer a job that is acknowledged or was rejected.</summary>
    [Theory]
    [InlineData("ack", "started Ack flush failed")]
    [InlineData("requeue", "started RequeueCounted flush")]
    [InlineData("reject", "started flush Parked failed Ack")]
    public async Task Step_SettlesAndIsCutShort_IsAnsweredUnlessItRunsAgain(string how, string events)
    {
        using var abort = new CancellationTokenSource();
        using var bench = new JobBench(async (job, cancel) =>
        {
            await SettleAsync(job, how, cancel);
            await abort.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        });

        await bench.RunAsync(bench.Deliver(), abort);

        Assert.Equal(events, string.Join(' ', bench.Bus.Events));
        if (how is "requeue") return;
        Assert.Equal(
            "{\"status\":\"failed\",\"data\":"
            + "\"the worker was stopped before the job's end, and the job was already settled\"}",
            bench.Bus.Replies[^1]);
    }

    [Theory]
    [InlineData("ack", "ack")]
    [InlineData("ack", "requeue")]
    [InlineData("ack", "reject")]
    [InlineData("requeue", "ack")]
    [InlineData("requeue", "reject")]
    [InlineData("reject", "ack")]
    [InlineData("reject", "requeue")]
    [InlineData("reject", "reject")]
    public async Task Step_SettlesTwice_IsToldThatItHas(string first, string second)
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await SettleAsync(job, first, cancel);
            return (await Assert.ThrowsAsync<InvalidOperationException>(
                () => SettleAsync(job, second, cancel))).Message;
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal([first is "requeue" ? Settlement.RequeueCounted : Settlement.Ack], bench.Bus.Settlements);
        if (first is not "requeue") Assert.Contains(AlreadySettled, bench.Bus.Replies[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reject_Job_IsParkedWithTheReasonAndLogged()
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await job.RejectAsync(requeue: false, cancel);
            return null;
        });

        await bench.RunAsync(bench.Deliver());

        var parked = bench.Bus.Messages.Single(message => message.Kind is MessageKind.Parked).ToProperties();
        Assert.Equal("rejected by the step", parked.Headers!["x-reworker-reason"]);
        Assert.Equal(0, parked.Headers["x-reworker-attempts"]);
        Assert.Equal(
            [(LogLevel.Warning, "Job job was rejected by the step and parked in worker.frob.dead")],
            bench.Logged(24));
    }

    /// <summary>The connection is lost while it runs: what the step decided goes to the next delivery, once.</summary>
    [Fact]
    public async Task Ack_DeliveryDead_SettlesTheRedelivery()
    {
        var later = new JobBus();
        JobBench bench = null!;
        using var own = bench = new JobBench(async (job, cancel) =>
        {
            bench.Bus.IsAlive = false;
            await job.AckAsync(cancel);
            Assert.Empty(bench.Bus.Settled);
            var again = bench.Deliver(redelivered: true);
            again = new Delivery(later, again.Info, again.Properties, again.Body);
            Assert.False(bench.Ledger.Register(again, out _));
            Assert.Equal(again.Info.DeliveryTag, job.Delivery.DeliveryTag);
            return null;
        });

        await bench.RunAsync(bench.Deliver());

        Assert.Equal([Settlement.Ack], later.Settlements);
        Assert.Empty(bench.Bus.Settled);
        Assert.Equal("""{"status":"completed"}""", bench.Bus.Replies[^1]);
    }

    /// <summary>Whether its message comes again before the end or after it, it is acknowledged at the end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reject_DeliveryDead_ParksOnceAndAcknowledgesTheRedelivery(bool comesBeforeTheEnd)
    {
        var later = new JobBus();
        JobBench bench = null!;
        using var own = bench = new JobBench(async (job, cancel) =>
        {
            bench.Bus.IsAlive = false;
            await job.RejectAsync(requeue: false, cancel);
            if (comesBeforeTheEnd) Assert.False(Redeliver());
            Assert.Empty(later.Settled);
            return null;
        });

        await bench.RunAsync(bench.Deliver());
        if (!comesBeforeTheEnd) Assert.False(Redeliver());

        Assert.Equal([Settlement.Ack], later.Settlements);
        Assert.Equal(["started", "flush", "Parked", "completed"], bench.Bus.Events);

        bool Redeliver()
        {
            var again = bench.Deliver(redelivered: true);
            return bench.Ledger.Register(new Delivery(later, again.Info, again.Properties, again.Body), out _);
        }
    }

    /// <summary>A connection may hang: the step need not wait for it.</summary>
    [Fact]
    public async Task Ack_IsNeverWritten_TheTokenEndsTheWait()
    {
        using var stop = new CancellationTokenSource();
        using var bench = new JobBench(async (job, _) =>
        {
            var acking = job.AckAsync(stop.Token);
            Assert.False(acking.IsCompleted);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => acking.WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None));
            return null;
        });
        bench.Bus.Flushing = new TaskCompletionSource().Task;

        await bench.RunAsync(bench.Deliver());

        Assert.Equal("completed", Outcome(bench));
        Assert.Equal([Settlement.Ack], bench.Bus.Settlements);
    }

    private static string Outcome(JobBench bench) => bench.Measured
        .Single(one => one.StartsWith("reworker.jobs worker", StringComparison.Ordinal))
        .Split("outcome=")[1].Split(':')[0];

    private static Task SettleAsync(Job job, string how, CancellationToken cancel) => how is "ack"
        ? job.AckAsync(cancel)
        : job.RejectAsync(requeue: how is "requeue", cancel);
}
