using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>Which parked jobs a command is about: no others, and those that do not exist are named.</summary>
public sealed class DeadSelectionTests
{
    [Theory]
    [InlineData("list", "", true)]
    [InlineData("drop", "", true)]
    [InlineData("drop", "1", false)]
    [InlineData("show", "1", false)]
    public void Constructor_EitherJobsOrAll_IsAllowed(string verb, string jobs, bool all) =>
        Assert.NotNull(new DeadSelection(verb, Split(jobs), all));

    [Theory]
    [InlineData("show", "", false, "dead show needs numbers, ids or correlation ids from `dead list`")]
    [InlineData("drop", "", false, "dead drop needs numbers, ids or correlation ids from `dead list` or --all")]
    [InlineData(
        "drop", "1", true, "dead drop needs numbers, ids or correlation ids from `dead list` or --all, not both")]
    public void Constructor_NeitherOrBoth_IsAnError(string verb, string jobs, bool all, string expected)
    {
        var error = Assert.Throws<UsageException>(() => new DeadSelection(verb, Split(jobs), all));

        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Includes_All_IncludesEveryJobAndMissesNone()
    {
        var selection = new DeadSelection("drop", [], all: true);

        Assert.True(selection.Includes(Parked.Job(number: 1)));
        Assert.True(selection.Includes(Parked.Job(number: 2)));
        Assert.Empty(selection.Missing);
    }

    [Fact]
    public void Includes_NumberIdOrCorrelationId_IncludesOnlyThatJob()
    {
        DeadJob[] jobs = [.. Enumerable.Range(1, 12).Select(n => Parked.Job(n, correlationId: $"job-{n}"))];

        Assert.Equal([2], Select(jobs, "2"));
        Assert.Equal([1, 12], Select(jobs, "1", "12"));
        Assert.Equal([5], Select(jobs, jobs[4].Id));
        Assert.Equal([7], Select(jobs, "job-7"));
        Assert.Equal([3, 4, 6], Select(jobs, "3", "job-4", jobs[5].Id, "job-3"));
    }

    [Fact]
    public void Includes_CorrelationIdOfDigits_MatchesOnlyIfItIsAsLongAsAnId()
    {
        DeadJob[] jobs = [Parked.Job(1, correlationId: "2"), Parked.Job(2, correlationId: "12345678")];

        Assert.Equal([2], Select(jobs, "2"));
        Assert.Equal([2], Select(jobs, "12345678"));
        Assert.Empty(Select(jobs, "1234567"));
    }

    [Fact]
    public void Missing_SomeWereFound_NamesTheOthersOnce()
    {
        var selection = new DeadSelection("show", ["2", "7", "job-1", "nobody", "7"], all: false);

        selection.Includes(Parked.Job(1, correlationId: "job-1"));
        selection.Includes(Parked.Job(2, correlationId: "job-2"));

        Assert.Equal(["7", "nobody"], selection.Missing.Order(StringComparer.Ordinal));
    }

    private static string[] Split(string jobs) => jobs.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int[] Select(DeadJob[] jobs, params string[] wanted)
    {
        var selection = new DeadSelection("show", wanted, all: false);
        return [.. jobs.Where(selection.Includes).Select(job => job.Number)];
    }
}
