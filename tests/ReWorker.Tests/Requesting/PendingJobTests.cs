using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A job's events are kept in order and without copies, and its state says how far it has come.</summary>
public sealed class PendingJobTests
{
    private const string Unconfirmed = "the broker has not confirmed it";
    private const string Waiting = "no worker has started it";
    private const string Running = "a worker has started it and not finished it";

    private readonly PendingJob _job = new();

    [Fact]
    public void State_AsTheJobProceeds_SaysHowFarItHasCome()
    {
        Assert.Equal((Unconfirmed, false), (_job.State, _job.HasReply));
        _job.MarkConfirmed();
        Assert.Equal((Waiting, false), (_job.State, _job.HasReply));
        _job.Receive(new JobEvent.Started(), "s");
        Assert.Equal((Running, true), (_job.State, _job.HasReply));
    }

    [Fact]
    public void MarkConfirmed_AfterAReply_KeepsTheState()
    {
        _job.Receive(new JobEvent.Output("a"), null);

        _job.MarkConfirmed();

        Assert.Equal((Running, true), (_job.State, _job.HasReply));
    }

    [Fact]
    public void ReportMissing_Repeated_ReportsOnce()
    {
        var reports = new List<string>();

        _job.ReportMissing("no queue", reports.Add);
        _job.ReportMissing("no queue", reports.Add);
        _job.ReportMissing("no queue", null);

        Assert.Equal(["no queue"], reports);
        Assert.Equal("no queue", _job.State);
        _job.ReportMissing("still no queue", null);
        Assert.Equal("still no queue", _job.State);
    }

    [Fact]
    public void Receive_EventsAndCopies_KeepsEachOnceInOrder()
    {
        _job.Receive(new JobEvent.Started(), "a");
        _job.Receive(new JobEvent.Output("1"), "b");
        _job.Receive(new JobEvent.Output("1"), "b");
        _job.Receive(new JobEvent.Started(), "a");
        _job.Receive(new JobEvent.Output("1"), "c"); // the same text, but another message
        _job.Receive(new JobEvent.Output("2"), "b"); // the same message, whatever its text

        Assert.Equal(["Started", "Output 1", "Output 1"], ReadAll());
    }

    [Fact]
    public void Receive_WithoutMessageIds_DropsOnlyAnotherStarted()
    {
        _job.Receive(new JobEvent.Output("0"), null);
        _job.Receive(new JobEvent.Started(), null);
        _job.Receive(new JobEvent.Output("1"), null);
        _job.Receive(new JobEvent.Started(), null);
        _job.Receive(new JobEvent.Started(), "a");
        _job.Receive(new JobEvent.Output("1"), null);
        _job.Receive(new JobEvent.Output("1"), null);

        Assert.Equal(["Output 0", "Started", "Output 1", "Output 1", "Output 1"], ReadAll());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Receive_TerminalReply_EndsTheEvents(bool isFailure)
    {
        _job.Receive(new JobEvent.Started(), "a");
        Assert.False(_job.Events.Completion.IsCompleted);
        JobEvent end = isFailure ? new JobEvent.Failed("x") : new JobEvent.Completed(default);

        _job.Receive(end, "b");
        _job.Receive(new JobEvent.Output("late"), "c");
        _job.Receive(end, "d");

        Assert.True(_job.Events.TryRead(out var first) && _job.Events.TryRead(out var second) && second == end);
        Assert.IsType<JobEvent.Started>(first);
        Assert.True(_job.Events.Completion.IsCompleted);
    }

    [Fact]
    public async Task Receive_BeforeTheEnd_LeavesTheEventsOpen()
    {
        var next = _job.Events.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(next.IsCompleted);

        _job.Receive(new JobEvent.Output("1"), null);

        Assert.True(await next);
        Assert.False(_job.Events.Completion.IsCompleted);
    }

    private List<string> ReadAll()
    {
        var events = new List<string>();
        while (_job.Events.TryRead(out var one))
            events.Add(one is JobEvent.Output line ? $"Output {line.Line}" : "Started");
        return events;
    }
}
