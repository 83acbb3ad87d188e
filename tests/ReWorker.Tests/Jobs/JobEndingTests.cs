using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>One terminal reply, then the confirms, then the settlement; and what is parked on the way.</summary>
public sealed class JobEndingTests : IDisposable
{
    private static readonly TimeSpan ParkRetry = TimeSpan.FromSeconds(10);

    private readonly JobBench _bench = JobBench.Idle();

    private JobBus Bus => _bench.Bus;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(null, """{"status":"completed"}""")]
    [InlineData("5", """{"status":"completed","data":5}""")]
    public async Task Completed_EachResult_IsInTheReply(string? data, string reply)
    {
        var job = await ExecutedAsync();

        await _bench.EndAsync(job, Outcome.Completed(data is null ? null : Encoding.UTF8.GetBytes(data)));

        Assert.Equal(["""{"status":"started"}""", reply], Bus.Replies);
        Assert.Equal(["started", "completed", "Ack"], Bus.Events);
        Assert.Equal(JobState.Ended, job.State);
        Assert.Equal(
            [("replies", "", "job:started"), ("replies", "", "job:completed")],
            Bus.Messages.Select(message => (message.RoutingKey, message.Exchange, message.MessageId)));
    }

    [Fact]
    public async Task Failed_Reason_IsInTheReply()
    {
        var job = await ExecutedAsync();

        await _bench.EndAsync(job, Outcome.Failed("no such host"));

        Assert.Equal("""{"status":"failed","data":"no such host"}""", Bus.Replies[^1]);
        Assert.Equal(["started", "failed", "Ack"], Bus.Events);
    }

    /// <summary>Before that, a worker that dies would leave the requester without its reply.</summary>
    [Fact]
    public async Task Ack_Unconfirmed_WaitsForTheConfirms()
    {
        Bus.HoldsConfirms = true;
        var job = await ExecutedAsync();

        var ending = _bench.EndAsync(job, Outcome.Completed(null));

        Assert.False(ending.IsCompleted);
        Assert.Empty(Bus.Settled);
        Assert.Equal(JobState.Ending, job.State);
        Bus.Confirm();
        await ending;
        Assert.Equal([Settlement.Ack], Bus.Settlements);
    }

    [Fact]
    public async Task Requeued_Job_SendsNothingMoreAndCountsNoAttempt()
    {
        var job = await ExecutedAsync();

        await _bench.EndAsync(job, Outcome.Requeued);

        Assert.Equal(["started", "RequeueUncounted"], Bus.Events);
        Assert.Equal(JobState.Ended, job.State);
        Assert.True(job.Messages.Confirmed.IsCompletedSuccessfully);
        Assert.Equal(
            [(LogLevel.Information, "Job job was requeued; the next worker runs it again")], _bench.Logged(20));
        Assert.Empty(_bench.Logged(25));
    }

    [Fact]
    public async Task Requeued_OnRedeliveryFail_SaysThatTheNextWorkerFailsIt()
    {
        using var bench = JobBench.Idle(options => options.OnRedelivery = OnRedelivery.Fail);
        var job = bench.Start(bench.Deliver());
        await bench.ExecuteAsync(job);

        await bench.EndAsync(job, Outcome.Requeued);

        const string text =
            "Job job was requeued; the next worker fails it, because Worker:OnRedelivery is Fail";
        Assert.Equal([(LogLevel.Information, text)], bench.Logged(25));
        Assert.Empty(bench.Logged(20));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Invalid_Job_IsParkedBeforeItsReplyIfItMustBe(bool park)
    {
        var job = await ExecutedAsync(prior: 2);

        await _bench.EndAsync(job, Outcome.Invalid(new JobError("shown", "logged", park)));

        string[] expected = park ? ["started", "Parked", "failed", "Ack"] : ["started", "failed", "Ack"];
        Assert.Equal(expected, Bus.Events);
        Assert.Equal("""{"status":"failed","data":"shown"}""", Bus.Replies[^1]);
        Assert.Equal(
            park ? ["reworker.jobs.parked worker=FrobWorker: 1"] : [],
            _bench.Measured.Where(one => one.StartsWith("reworker.jobs.parked", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Parked_Copy_HasTheJobAndTheReason()
    {
        var job = await ExecutedAsync(prior: 2);
        _bench.Time.Advance(TimeSpan.FromSeconds(5));

        await _bench.EndAsync(job, Outcome.Invalid(new JobError("shown", "logged", Park: true)));

        var parked = Bus.Messages.Single(message => message.Kind is MessageKind.Parked);
        var properties = parked.ToProperties();
        Assert.Equal(
            ("", "worker.frob.dead", """{"group":"g"}""", true, "job", "replies"),
            (parked.Exchange, parked.RoutingKey, JobBus.TextOf(parked), properties.Persistent,
                properties.CorrelationId, properties.ReplyTo));
        var headers = properties.Headers!;
        Assert.Equal(
            ("shown", "worker.frob", 2, "2026-01-02T03:04:10.0000000+00:00"),
            (headers["x-reworker-reason"], headers["x-reworker-queue"], headers["x-reworker-attempts"],
                headers["x-reworker-parked-at"]));
        Assert.Equal(2L, headers["x-delivery-count"]);
    }

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, false)]
    [InlineData(1001, true)]
    public async Task Parked_LongReason_IsCutInTheHeader(int length, bool isCut)
    {
        var job = await ExecutedAsync();

        await _bench.EndAsync(job, Outcome.Invalid(new JobError(new string('x', length), park: true)));

        var parked = Bus.Messages.Single(message => message.Kind is MessageKind.Parked).ToProperties();
        Assert.Equal(
            isCut ? new string('x', 1000) + "…" : new string('x', length), parked.Headers!["x-reworker-reason"]);
        Assert.Contains($"\"{new string('x', length)}\"", Bus.Replies[^1], StringComparison.Ordinal);
    }

    /// <summary>Until the copy is safe, the job is neither answered nor acknowledged.</summary>
    [Fact]
    public async Task Parked_NoDeadLetterQueue_IsTriedAgainUntilThereIsOne()
    {
        Bus.IsUnroutable = message => message.Kind is MessageKind.Parked;
        var job = await ExecutedAsync();
        var ending = _bench.EndAsync(job, Outcome.Invalid(new JobError("shown", park: true)));
        await _bench.Time.TimerAsync(ParkRetry);
        _bench.Time.Advance(ParkRetry - TimeSpan.FromTicks(1));
        Assert.Equal(["started", "Parked"], Bus.Events);

        _bench.Time.Advance(TimeSpan.FromTicks(1));
        await _bench.Time.TimerAsync(ParkRetry, count: 2);
        Bus.IsUnroutable = _ => false;
        _bench.Time.Advance(ParkRetry);
        await ending;

        Assert.Equal(["started", "Parked", "Parked", "Parked", "failed", "Ack"], Bus.Events);
        const string text =
            "Job job cannot be parked: no queue worker.frob.dead. It is kept; the next try is in 10 s.";
        Assert.Equal([(LogLevel.Error, text), (LogLevel.Error, text)], _bench.Logged(22));
        Assert.Single(_bench.Measured, one => one.StartsWith("reworker.jobs.parked", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    public async Task Republished_Job_GoesToItsQueueWithOneAttemptMore(int own, int counted)
    {
        var headers = new Dictionary<string, object?> { ["x-reworker-attempts"] = own };
        var job = _bench.Start(_bench.Deliver("""{"group":"g"}""", redelivered: true, headers));

        await _bench.EndAsync(job, await _bench.ExecuteAsync(job));

        Assert.Equal(["Sent", "Ack"], Bus.Events);
        var copy = Assert.Single(Bus.Messages);
        Assert.Equal(("", "worker.frob", """{"group":"g"}"""), (copy.Exchange, copy.RoutingKey, JobBus.TextOf(copy)));
        Assert.Equal(counted + 1, copy.ToProperties().Headers!["x-reworker-attempts"]);
    }

    [Fact]
    public async Task Republished_QueueGone_IsLeftToTheBroker()
    {
        Bus.IsUnroutable = _ => true;
        var job = _bench.Start(_bench.Deliver(redelivered: true));

        await _bench.EndAsync(job, await _bench.ExecuteAsync(job));
        Assert.Empty(Bus.Settled);
        Assert.Equal(JobState.AwaitingRedelivery, job.State);
        var logged = Assert.Single(_bench.Logs.WithId(23));
        Assert.Equal(
            (LogLevel.Error, "Job job could not be ended. The broker redelivers it after the next reconnect."),
            (logged.Level, logged.Message));
    }

    [Fact]
    public async Task Reply_NobodyWaits_TheJobIsAcknowledged()
    {
        using var bench = JobBench.Idle();
        var job = bench.Start(bench.Deliver(replyTo: null));

        await bench.EndAsync(job, await bench.ExecuteAsync(job));

        Assert.Equal(["Ack"], bench.Bus.Events);
    }

    /// <summary>A short reply of one byte less is tried; one that is not shorter would be rejected as well.</summary>
    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task Reply_RejectedByTheBroker_IsReplacedByAShorterOne(int margin, bool isReplaced)
    {
        const string error = "frame too large";
        Bus.Rejects = message => message.MessageId == "job:completed" ? new InvalidOperationException(error) : null;
        var job = await ExecutedAsync();
        var room = """{"status":"completed","data":""}""".Length;
        var bytes = Bodies.Failed($"the step's reply of 99 bytes could not be sent: {error}").Length + margin;
        var data = JsonSerializer.SerializeToUtf8Bytes(new string('x', bytes - room));

        await _bench.EndAsync(job, Outcome.Completed(data));

        string[] expected = isReplaced ? ["started", "completed", "failed", "Ack"] : ["started", "completed", "Ack"];
        Assert.Equal(expected, Bus.Events);
        var text = string.Create(
            CultureInfo.InvariantCulture, $"the step's reply of {bytes} bytes could not be sent: {error}");
        if (isReplaced) Assert.Contains(text, Bus.Replies[^1], StringComparison.Ordinal);
    }

    /// <summary>The job's acknowledgement must not overtake the reply that took the place of the rejected one.</summary>
    [Fact]
    public async Task Reply_Replaced_IsConfirmedBeforeTheAck()
    {
        Bus.HoldsConfirms = true;
        Bus.Rejects = message => message.Kind is MessageKind.Status ? new InvalidOperationException("no") : null;
        var job = await ExecutedAsync();
        var ending = _bench.EndAsync(job, Outcome.Completed(new byte[1000]));
        Bus.Confirm();
        await JobTime.UntilAsync(() => Bus.Events.Contains("failed"), "the shorter reply");
        Assert.Empty(Bus.Settled);

        Bus.Confirm();
        await ending;

        Assert.Equal([Settlement.Ack], Bus.Settlements);
        Assert.Empty(_bench.Logs.WithId(23));
    }

    private async Task<InFlightJob> ExecutedAsync(int prior = 0)
    {
        var headers = new Dictionary<string, object?> { ["x-delivery-count"] = (long)prior };
        var job = _bench.Start(_bench.Deliver("""{"group":"g"}""", redelivered: prior > 0, headers));
        await _bench.ExecuteAsync(job);
        return job;
    }
}
