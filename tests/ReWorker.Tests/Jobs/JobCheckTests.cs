using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>Which jobs do not run, and what their requesters and the log are told.</summary>
public sealed class JobCheckTests
{
    private const string MustNotRunTwice =
        "another worker had the job and did not finish it, and this step must not run twice "
        + "(Worker:OnRedelivery is Fail)";

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void Run_Attempts_GivesUpAfterTheMost(int prior, bool givesUp)
    {
        using var bench = JobBench.Idle(options => options.MaxAttempts = 3);

        var outcome = Check(bench, Quorum(prior));

        if (!givesUp)
        {
            Assert.Null(outcome);
            return;
        }
        var reason = $"gave up after {prior} attempts: its worker died or lost it each time";
        Assert.Equal(OutcomeKind.Invalid, outcome!.Kind);
        Assert.Equal((reason, reason, true), (outcome.Error!.ReplyText, outcome.Error.LogText, outcome.Error.Park));
    }

    /// <summary>A classic queue keeps no count, so the job goes back with one, unless that is used up.</summary>
    [Theory]
    [InlineData(null, true, "Republished")]
    [InlineData(null, false, "")]
    [InlineData(1, true, "Republished")]
    [InlineData(1, false, "")]
    [InlineData(2, true, "Invalid")]
    [InlineData(2, false, "")]
    [InlineData(3, false, "Invalid")]
    public void Run_ClassicQueue_PutsBackWhatWasRedelivered(int? own, bool redelivered, string kind)
    {
        using var bench = JobBench.Idle(options => options.MaxAttempts = 3);
        var headers = own is null ? null : new Dictionary<string, object?> { ["x-reworker-attempts"] = own };

        var outcome = Check(bench, headers, redelivered);

        Assert.Equal(kind, $"{outcome?.Kind}");
    }

    /// <summary>It is redelivered like any job, and its lines must stay in their order.</summary>
    [Fact]
    public void Run_ClassicQueueOfAWorkerWithoutReplies_RunsAgainInItsPlace()
    {
        using var bench = new JobBench(new SilentWorker(() => null));

        Assert.Null(Check(bench, headers: null, redelivered: true));
    }

    [Theory]
    [InlineData(0, false, "")]
    [InlineData(1, false, MustNotRunTwice)]
    [InlineData(1, true, MustNotRunTwice)]
    [InlineData(0, true, MustNotRunTwice)]
    public void Run_OnRedeliveryFail_FailsWhateverWasStarted(int prior, bool redelivered, string reason)
    {
        using var bench = JobBench.Idle(options => options.OnRedelivery = OnRedelivery.Fail);

        var outcome = Check(bench, Quorum(prior), redelivered);

        Assert.Equal((reason, false), (outcome?.Error?.ReplyText ?? "", outcome?.Error?.Park ?? false));
    }

    /// <summary>Without its own count, the next worker could not tell that the job had been started.</summary>
    [Theory]
    [InlineData(null, true, "Republished")]
    [InlineData(1, false, "Invalid")]
    [InlineData(null, false, "")]
    public void Run_OnRedeliveryFailAndClassicQueue_CountsFirst(int? own, bool redelivered, string kind)
    {
        using var bench = JobBench.Idle(options => options.OnRedelivery = OnRedelivery.Fail);
        var headers = own is null ? null : new Dictionary<string, object?> { ["x-reworker-attempts"] = own };

        Assert.Equal(kind, $"{Check(bench, headers, redelivered)?.Kind}");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(5, true)]
    public void Run_OnRedeliveryRunAgain_RunsAgain(int prior, bool redelivered)
    {
        using var bench = JobBench.Idle();

        Assert.Null(Check(bench, Quorum(prior), redelivered));
    }

    /// <summary>Those whom the job lists are notified of a failure before its code runs, too.</summary>
    [Fact]
    public void Run_OnRedeliveryFail_KnowsTheContent()
    {
        using var bench = JobBench.Idle(options => options.OnRedelivery = OnRedelivery.Fail);
        var job = new InFlightJob(bench.Deliver("""{"group":"g"}""", redelivered: true, Quorum(1)));

        bench.Check(job, out var typed);

        Assert.Equal("g", job.Content!.Group);
        Assert.Null(typed);
    }

    [Theory]
    [InlineData(9, "")]
    [InlineData(10, "")]
    [InlineData(11, "the job's body can't be read: it has 11 bytes; allowed: 10")]
    public void Run_Body_MayHaveTheMostBytes(int bytes, string reason)
    {
        using var bench = JobBench.Idle(options => options.MaxBodyBytes = 10);

        var outcome = Check(bench, body: $"{{{new string(' ', bytes - 2)}}}");

        Assert.Equal((reason, reason.Length > 0), (outcome?.Error?.ReplyText ?? "", outcome?.Error?.Park ?? false));
    }

    [Fact]
    public void Run_DynamicValuesMissing_NamesThemAndAllThatAreRequired()
    {
        using var bench = new JobBench((_, _) => Task.FromResult<object?>(null), null, "one", "two", "three");

        var outcome = Check(bench, body: """{"dynamic":{"two":1,"other":2}}""");

        const string reason = "dynamic values missing: one, three; required: one, two, three";
        Assert.Equal(OutcomeKind.Invalid, outcome!.Kind);
        Assert.Equal((reason, reason, false), (outcome.Error!.ReplyText, outcome.Error.LogText, outcome.Error.Park));
    }

    [Fact]
    public void Run_DynamicValuesThere_Runs()
    {
        using var bench = new JobBench((_, _) => Task.FromResult<object?>(null), null, "one");

        Assert.Null(Check(bench, body: """{"dynamic":{"one":null}}"""));
    }

    [Fact]
    public void Outcome_SeveralErrors_ListsAllAndParksForOne()
    {
        var outcome = Outcome.Invalid(new("shown a", "logged a"), new("shown b", "logged b", Park: true));

        Assert.Equal(
            ("shown a; shown b", "logged a; logged b", true),
            (outcome.Error!.ReplyText, outcome.Error.LogText, outcome.Error.Park));
        Assert.False(Outcome.Invalid(new("a"), new("b")).Error!.Park);
    }

    [Theory]
    [InlineData(16 * 1024 - 1, false)]
    [InlineData(16 * 1024, false)]
    [InlineData(16 * 1024 + 1, true)]
    public void Outcome_LongReason_IsCut(int length, bool isCut)
    {
        var reason = new string('x', length);
        var expected = isCut ? $"{new string('x', 16 * 1024)}…" : reason;

        Assert.Equal(expected, Outcome.Failed(reason).Error!.ReplyText);
        var invalid = Outcome.Invalid(new JobError(reason)).Error!;
        Assert.Equal((expected, expected), (invalid.ReplyText, invalid.LogText));
    }

    private static Dictionary<string, object?> Quorum(int prior) =>
        new() { ["x-acquired-count"] = 1L + prior, ["x-delivery-count"] = (long)prior };

    private static Outcome? Check(
        JobBench bench, Dictionary<string, object?>? headers = null, bool redelivered = false, string body = "{}") =>
        bench.Check(new InFlightJob(bench.Deliver(body, redelivered, headers)), out _);
}

/// <summary>A worker that sends no status replies, like the one that writes output to files.</summary>
internal sealed class SilentWorker(Func<object?> code) : Worker
{
    internal override bool SendsReplies => false;

    internal override IReadOnlyList<string> RoutingKeys => ["output"];

    protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
        Task.FromResult(code());
}
