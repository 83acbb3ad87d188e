using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>The defaults of a worker's settings, and the last values that are allowed.</summary>
public sealed class WorkerOptionTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Fact]
    public void Defaults_AreThoseOfTheManual()
    {
        var options = new WorkerOptions();

        Assert.Equal(
            ("", 16, null, TimeSpan.FromHours(1), TimeSpan.FromSeconds(20), 4 * 1024 * 1024, 20),
            (options.Queue, options.Concurrency, options.Prefetch, options.TimeLimit, options.DrainTimeout,
                options.MaxBodyBytes, options.MaxAttempts));
        Assert.Equal(
            (OnRedelivery.RunAgain, LogLevel.Debug, true),
            (options.OnRedelivery, options.OutputLevel, options.AutoNotify));
    }

    [Theory]
    [InlineData(nameof(WorkerOptions.Queue), 1, 240)]
    [InlineData(nameof(WorkerOptions.Concurrency), 1, 10_000)]
    [InlineData(nameof(WorkerOptions.Prefetch), 1, 65_535)]
    [InlineData(nameof(WorkerOptions.MaxBodyBytes), 1, 16 * 1024 * 1024)]
    [InlineData(nameof(WorkerOptions.MaxAttempts), 1, 1000)]
    public void Limits_OfANumber_AreAllowedAndNothingBeyond(string name, int min, int max)
    {
        Assert.True(IsValid(name, min) && IsValid(name, max));
        Assert.False(IsValid(name, min - 1) || IsValid(name, max + 1));
    }

    [Fact]
    public void Limits_OfADuration_AreAllowedAndNothingBeyond()
    {
        AssertLimits(TimeSpan.FromSeconds(0.1), TimeSpan.FromDays(24), (options, time) => options.TimeLimit = time);
        AssertLimits(TimeSpan.Zero, TimeSpan.FromHours(24), (options, time) => options.DrainTimeout = time);
    }

    [Theory]
    [InlineData(OnRedelivery.RunAgain, null, 1, 4)]
    [InlineData(OnRedelivery.RunAgain, null, 16, 64)]
    [InlineData(OnRedelivery.RunAgain, null, 10_000, 40_000)]
    [InlineData(OnRedelivery.RunAgain, 7, 16, 7)]
    [InlineData(OnRedelivery.Fail, null, 16, 16)]
    [InlineData(OnRedelivery.Fail, 65_535, 16, 65_535)]
    public void EffectivePrefetch_EachSetting_HidesTheRoundTripUnlessJobsWouldFail(
        OnRedelivery onRedelivery, int? prefetch, int concurrency, int expected)
    {
        var options = new WorkerOptions
        {
            OnRedelivery = onRedelivery, Prefetch = prefetch, Concurrency = concurrency,
        };

        Assert.Equal(expected, options.EffectivePrefetch);
    }

    [Theory]
    [InlineData(16_383, 65_532)]
    [InlineData(16_384, 65_535)]
    [InlineData(16_385, 65_535)]
    public void EffectivePrefetch_ManySlots_IsWithinTheBrokersLimit(int concurrency, int expected) =>
        Assert.Equal(expected, new WorkerOptions { Concurrency = concurrency }.EffectivePrefetch);

    private static void AssertLimits(TimeSpan min, TimeSpan max, Action<WorkerOptions, TimeSpan> set)
    {
        Assert.Equal(
            [false, true, true, false],
            new[] { min - Tick, min, max, max + Tick }.Select(time => IsValid(options => set(options, time))));
    }

    private static bool IsValid(string name, int value) => IsValid(options =>
    {
        var property = typeof(WorkerOptions).GetProperty(name)!;
        property.SetValue(options, property.PropertyType == typeof(string) ? new string('q', value) : value);
    });

    private static bool IsValid(Action<WorkerOptions> set)
    {
        var options = new WorkerOptions { Queue = "frob" };
        set(options);
        return new WorkerOptionsValidator().Validate(null, options).Succeeded;
    }
}
