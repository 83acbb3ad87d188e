using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Copies of a job: in its dead-letter queue, and at the end of its own queue.</summary>
public sealed class ParkTests : IDisposable
{
    private static readonly TimeSpan ParkRetry = TimeSpan.FromSeconds(10);

    private readonly JobBench _bench = JobBench.Idle();

    private JobBus Bus => _bench.Bus;

    public void Dispose() => _bench.Dispose();

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

    /// <summary>The rest of the end must not run where confirms come in: an owner's listener may block.</summary>
    [Fact]
    public async Task Parked_ListenerBlocks_HoldsUpNoConfirms()
    {
        using var release = new ManualResetEventSlim();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>(
            (_, _, _, _) => release.Wait(TimeSpan.FromSeconds(30), CancellationToken.None));
        listener.EnableMeasurementEvents(_bench.Instruments.Parked);
        var job = await ExecutedAsync(prior: 2);
        Bus.HoldsConfirms = true;
        var ending = _bench.EndAsync(job, Outcome.Invalid(new JobError("shown", "logged", Park: true)));

        await Task.Run(Bus.Confirm, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.False(ending.IsCompleted);
        Bus.HoldsConfirms = false;
        release.Set();
        await ending;
        Assert.Equal(Settlement.Ack, Assert.Single(Bus.Settlements));
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

    private async Task<InFlightJob> ExecutedAsync(int prior = 0)
    {
        var headers = new Dictionary<string, object?> { ["x-delivery-count"] = (long)prior };
        var job = _bench.Start(_bench.Deliver("""{"group":"g"}""", redelivered: prior > 0, headers));
        await _bench.ExecuteAsync(job);
        return job;
    }
}
