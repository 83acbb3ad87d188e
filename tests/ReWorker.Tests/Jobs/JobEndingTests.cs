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

/// <summary>One terminal reply, then the confirms, then the settlement.</summary>
public sealed class JobEndingTests : IDisposable
{
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

        string[] expected =
            isReplaced ? ["started", "completed", "failed", "Ack"] : ["started", "completed", "Ack"];
        Assert.Equal(expected, Bus.Events);
        var text = string.Create(
            CultureInfo.InvariantCulture, $"the step's reply of {bytes} bytes could not be sent: {error}");
        if (isReplaced) Assert.Contains(text, Bus.Replies[^1], StringComparison.Ordinal);
    }

    /// <summary>The acknowledgement must not overtake the reply that replaces the rejected one.</summary>
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

    private async Task<InFlightJob> ExecutedAsync()
    {
        var job = _bench.Start(_bench.Deliver());
        await _bench.ExecuteAsync(job);
        return job;
    }
}
