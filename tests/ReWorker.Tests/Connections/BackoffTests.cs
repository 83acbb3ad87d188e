using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>The pauses between connection attempts double up to the maximum, vary by half, and start anew.</summary>
public sealed class BackoffTests
{
    private const int Samples = 400;

    private static readonly TimeSpan Max = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0, 250)]
    [InlineData(1, 500)]
    [InlineData(2, 1_000)]
    [InlineData(3, 2_000)]
    [InlineData(4, 4_000)]
    [InlineData(5, 8_000)]
    [InlineData(6, 10_000)]
    [InlineData(7, 10_000)]
    [InlineData(40, 10_000)]
    public void Next_AfterFailures_IsBetweenHalfAndAllOfTheLength(int failures, int milliseconds)
    {
        var pauses = Enumerable.Range(0, Samples).Select(_ => After(failures, Max)).ToList();

        AssertSpread(pauses, milliseconds);
    }

    [Theory]
    [InlineData(1_999, 1_999)]
    [InlineData(2_000, 2_000)]
    [InlineData(2_001, 2_000)]
    public void Next_MaximumAroundALength_IsTheShorterOfBoth(int max, int milliseconds)
    {
        var pauses = Enumerable.Range(0, Samples).Select(_ => After(3, TimeSpan.FromMilliseconds(max))).ToList();

        AssertSpread(pauses, milliseconds);
    }

    /// <summary>A broker that is away for a day: the doubling must not overflow.</summary>
    [Fact]
    public void Next_ThousandsOfFailures_StaysAtTheMaximum()
    {
        var backoff = new Backoff(Max);

        var pauses = Enumerable.Range(0, 5_000).Select(_ => backoff.Next()).ToList();

        AssertSpread(pauses[6..], 10_000);
    }

    [Fact]
    public void Reset_AfterFailures_StartsWithTheShortestPause()
    {
        var pauses = Enumerable.Range(0, Samples).Select(_ =>
        {
            var backoff = new Backoff(Max);
            for (var failure = 0; failure < 8; failure++) backoff.Next();
            backoff.Reset();
            var first = backoff.Next();
            Assert.InRange(backoff.Next().TotalMilliseconds, 250, 500);
            return first;
        }).ToList();

        AssertSpread(pauses, 250);
    }

    private static TimeSpan After(int failures, TimeSpan max)
    {
        var backoff = new Backoff(max);
        for (var failure = 0; failure < failures; failure++) backoff.Next();
        return backoff.Next();
    }

    // with so many samples, the outer tenths of the range are never empty
    private static void AssertSpread(List<TimeSpan> pauses, double milliseconds)
    {
        Assert.All(pauses, pause => Assert.InRange(pause.TotalMilliseconds, milliseconds / 2, milliseconds));
        Assert.InRange(pauses.Min().TotalMilliseconds, milliseconds / 2, milliseconds * 0.55);
        Assert.InRange(pauses.Max().TotalMilliseconds, milliseconds * 0.95, milliseconds);
    }
}
