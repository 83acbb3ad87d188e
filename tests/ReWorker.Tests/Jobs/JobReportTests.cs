using System.Text.Json;
using Microsoft.Extensions.Logging;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What users, operators and dashboards see of a job: replies, notifications, logs and metrics.</summary>
public sealed class JobReportTests
{
    private const string All =
        """
        {"notify":{
            "started":{"irc":["#a"]},
            "completed":{"irc":["#b","#c"],"mail":["x"]},
            "failed":{"irc":["#d"]}}}
        """;

    [Fact]
    public async Task Notifications_JobCompletes_AreSentAroundTheReplies()
    {
        using var bench = JobBench.Idle();

        await bench.RunAsync(bench.Deliver(All));

        Assert.Equal(
            ["started", "notify.irc", "notify.irc", "notify.mail", "completed", "Ack"], bench.Bus.Events);
        Assert.Equal(
            [
                Notification("started", "FrobWorker started", """["#a"]"""),
                Notification("completed", "FrobWorker completed", """["#b","#c"]"""),
                Notification("completed", "FrobWorker completed", """["x"]"""),
            ],
            Notifications(bench).Select(JobBus.TextOf));
        Assert.All(Notifications(bench), message => Assert.Equal("re", message.Exchange));
    }

    [Fact]
    public async Task Notifications_JobFails_HaveTheReason()
    {
        using var bench = new JobBench((_, _) => throw new FormatException("no host"));

        await bench.RunAsync(bench.Deliver(All));

        Assert.Equal(["started", "notify.irc", "notify.irc", "failed", "Ack"], bench.Bus.Events);
        Assert.Equal(
            Notification("failed", "FrobWorker failed: no host", """["#d"]"""),
            JobBus.TextOf(Notifications(bench)[^1]));
    }

    [Fact]
    public async Task Notifications_InvalidJob_TellsOfTheFailureOnly()
    {
        using var bench = new JobBench((_, _) => Task.FromResult<object?>(null), null, "cart");

        await bench.RunAsync(bench.Deliver(All));

        Assert.Equal(["notify.irc", "failed", "Ack"], bench.Bus.Events);
    }

    [Fact]
    public async Task Notifications_UnreadableJob_HasNobodyToNotify()
    {
        using var bench = JobBench.Idle();

        await bench.RunAsync(bench.Deliver("{"));

        Assert.Equal(["Parked", "failed", "Ack"], bench.Bus.Events);
    }

    [Fact]
    public async Task Notifications_SwitchedOff_AreNotSent()
    {
        using var bench = JobBench.Idle(options => options.AutoNotify = false);

        await bench.RunAsync(bench.Deliver(All));

        Assert.Empty(Notifications(bench));
    }

    [Fact]
    public async Task Notifications_OfTheStep_ReplaceThoseOfTheirPhaseOnly()
    {
        using var bench = new JobBench(async (job, cancel) =>
        {
            await job.NotifyAsync("own", "long", Phase.Completed, "other", "ops", cancel);
            return null;
        });

        await bench.RunAsync(bench.Deliver(All));

        Assert.Equal(
            ["FrobWorker started", "own", "own"],
            Notifications(bench).Select(message =>
                JsonElement.Parse(message.Body).GetProperty("slug").GetString()));
        Assert.Equal(
            [("ops", "other"), ("ops", "other")],
            Notifications(bench).Skip(1).Select(message => (message.Exchange, message.CorrelationId)));
        Assert.Equal(2, bench.Bus.Events.Count(one => one is "check ops"));
    }

    [Theory]
    [InlineData("{}", false, "completed", null)]
    [InlineData("""{"group":"bad"}""", false, "failed", "failed")]
    [InlineData("7", false, "invalid", "invalid")]
    public async Task Metrics_EachOutcome_AreCountedAndTimed(
        string body, bool redelivered, string outcome, string? error)
    {
        JobBench bench = null!;
        using var own = bench = new JobBench((job, _) =>
        {
            bench.Time.Advance(TimeSpan.FromSeconds(2.5));
            Assert.Equal(1, bench.InFlight);
            return job.Group == "bad" ? throw new InvalidOperationException("no") : Task.FromResult<object?>(null);
        });

        await bench.RunAsync(bench.Deliver(body, redelivered));

        Assert.Equal($"reworker.jobs worker=FrobWorker outcome={outcome}: 1", bench.Measured[0]);
        Assert.Equal(
            "messaging.process.duration messaging.system=rabbitmq messaging.operation.name=process "
            + $"messaging.destination.name=worker.frob{(error is null ? "" : $" error.type={error}")}: "
            + (outcome is "invalid" ? "0" : "2.5"),
            bench.Measured[1]);
        Assert.Equal(outcome is "invalid" ? 3 : 2, bench.Measured.Count);
        Assert.Equal(0, bench.InFlight);
    }

    /// <summary>A job that did not end here would spoil the statistics of those that did.</summary>
    [Fact]
    public async Task Metrics_JobThatRunsAgain_IsCountedAndNotTimed()
    {
        using var abort = new CancellationTokenSource();
        using var bench = new JobBench(async (_, cancel) =>
        {
            await abort.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        });

        await bench.RunAsync(bench.Deliver(), abort);
        await bench.RunAsync(bench.Deliver(redelivered: true));

        Assert.Equal(
            [
                "reworker.jobs worker=FrobWorker outcome=requeued: 1",
                "reworker.jobs worker=FrobWorker outcome=republished: 1",
            ],
            bench.Measured);
    }

    [Theory]
    [InlineData("7", "answered and parked",
        "the job's body can't be read: it is a number; allowed: an object or a list")]
    [InlineData("""{"dynamic":1}""", "answered", "the job's 'dynamic' is a number; allowed: an object")]
    public async Task Log_InvalidJob_SaysWhyAndWhatBecomesOfIt(string body, string fate, string reason)
    {
        using var bench = JobBench.Idle();

        await bench.RunAsync(bench.Deliver(body));

        Assert.Equal([(LogLevel.Warning, $"Job job is invalid and will be {fate}: {reason}")], bench.Logged(11));
    }

    [Fact]
    public async Task Log_JobThatEndsWell_HasNothingToSay()
    {
        using var bench = JobBench.Idle();

        await bench.RunAsync(bench.Deliver(All));

        Assert.Empty(bench.Logs.All);
    }

    /// <summary>A reply to a worker's queue would be an invalid job there. Names have at most 255 bytes.</summary>
    [Theory]
    [InlineData("replies", true, false)]
    [InlineData("worker.other", false, true)]
    [InlineData("", false, false)]
    [InlineData(null, false, false)]
    [InlineData("255", true, false)]
    [InlineData("256", false, true)]
    public async Task Replies_EachQueue_AreSentOrTheLogSaysWhyNot(string? replyTo, bool isSent, bool isLogged)
    {
        if (int.TryParse(replyTo, out var length)) replyTo = new string('q', length);
        using var bench = JobBench.Idle();

        await bench.RunAsync(bench.Deliver(replyTo: replyTo));

        Assert.Equal(isSent ? 2 : 0, bench.Bus.Replies.Count);
        Assert.Equal(isLogged ? 1 : 0, bench.Logged(21).Count);
        if (replyTo is "worker.other")
        {
            const string text =
                "Job job gets no replies: its reply_to 'worker.other' is a worker's queue or exceeds 255 bytes";
            Assert.Equal((LogLevel.Warning, text), bench.Logged(21)[0]);
        }
    }

    [Fact]
    public async Task Replies_OfASilentWorker_AreNeverSent()
    {
        using var bench = new JobBench(new SilentWorker(() => throw new InvalidOperationException("no")));

        await bench.RunAsync(bench.Deliver(replyTo: "worker.other"));

        Assert.Equal(["Ack"], bench.Bus.Events);
        Assert.Empty(bench.Logged(21));
    }

    [Fact]
    public async Task Messages_OfAJob_HaveItsIdsAndTheWorkersName()
    {
        using var bench = new JobBench((job, _) =>
        {
            job.Output.LogInformation("a line");
            return Task.FromResult<object?>(null);
        });

        await bench.RunAsync(bench.Deliver());

        Assert.All(bench.Bus.Messages, message =>
        {
            var properties = message.ToProperties();
            Assert.Equal(
                ("job", "frobworker", true), (properties.CorrelationId, properties.AppId, properties.Persistent));
            Assert.Equal(JobTime.StartsAt.ToUnixTimeSeconds(), properties.Timestamp.UnixTime);
        });
        Assert.Equal(3, bench.Bus.Messages.Select(message => message.MessageId).Distinct().Count());
    }

    private static string Notification(string phase, string text, string targets) =>
        $$"""{"slug":"{{text}}","message":"{{text}} (job job)","phase":"{{phase}}","target":{{targets}}}""";

    private static List<PendingMessage> Notifications(JobBench bench) =>
        [.. bench.Bus.Messages.Where(message => message.Kind is MessageKind.Notification)];
}
