using ReWorker.Tools.CommandLine;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>The figures of <c>submit --count</c>, and the exit code that follows from them.</summary>
public sealed class TallyTests
{
    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(2, 0, 0, 0)]
    [InlineData(2, 1, 0, 1)]
    [InlineData(0, 1, 0, 1)]
    [InlineData(2, 1, 1, 2)]
    [InlineData(2, 0, 1, 2)]
    public void ExitCode_SomeOfEach_IsThatOfTheWorst(int completed, int failed, int noAnswer, int code)
    {
        var tally = Count(completed, failed, noAnswer);

        Assert.Equal(code, tally.ExitCode);
        Assert.Equal((completed, failed, noAnswer), (tally.Completed, tally.Failed, tally.NoAnswer));
        Assert.Equal((completed + failed, completed + failed + noAnswer), (tally.Answered, tally.Ended));
    }

    [Fact]
    public void FirstReasons_SeveralFailures_AreTheFirst()
    {
        var tally = Count(1, 3, 3);

        Assert.Equal(("failure 0", "reason 0"), (tally.FirstFailure, tally.FirstNoAnswer));
    }

    [Theory]
    [InlineData(0, 0.5, 0)]
    [InlineData(1, 0.5, 1)]
    [InlineData(1, 0.99, 1)]
    [InlineData(2, 0.5, 1)]
    [InlineData(3, 0.5, 2)]
    [InlineData(100, 0.5, 50)]
    [InlineData(100, 0.99, 99)]
    [InlineData(101, 0.99, 100)]
    [InlineData(3, 0, 1)]
    public void Percentile_UnsortedTimes_IsTheNearestRank(int count, double fraction, double expected)
    {
        var tally = new Tally();
        // from the longest to the shortest
        for (var i = count; i > 0; i--) tally.CountAnswer(i % 2 == 0 ? null : "failed", TimeSpan.FromSeconds(i));
        tally.CountNoAnswer("not counted");

        Assert.Equal(expected, tally.Percentile(fraction));
    }

    [Fact]
    public void JobsPerSecond_AnsweredJobs_DividesThemByTheTime()
    {
        var tally = Count(3, 2, 5);

        var atOnce = tally.JobsPerSecond;
        tally.Elapsed = TimeSpan.FromSeconds(2);

        Assert.Equal((0, 2.5), (atOnce, tally.JobsPerSecond));
    }

    private static Tally Count(int completed, int failed, int noAnswer)
    {
        var tally = new Tally();
        for (var i = 0; i < completed; i++) tally.CountAnswer(null, TimeSpan.Zero);
        for (var i = 0; i < failed; i++) tally.CountAnswer($"failure {i}", TimeSpan.Zero);
        for (var i = 0; i < noAnswer; i++) tally.CountNoAnswer($"reason {i}");
        return tally;
    }
}
