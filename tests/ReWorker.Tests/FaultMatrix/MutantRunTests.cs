using ReWorker.Mutants;
using ReWorker.Mutants.Run;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>A run of mutants counts what the tests found, and rejects what it can't run.</summary>
public sealed class MutantRunTests
{
    private static readonly Mutant Plain = new("m", "Type.Member", "1", "2");
    private static readonly Mutant Equivalent = Plain with { Survives = "Equivalent: nobody reads it" };
    private static readonly Mutant InMatrixOnly = Plain with { Survives = "tcp-reset finds it" };

    [Fact]
    public void Score_OfAFolder_DoesNotCountEquivalentMutants()
    {
        Verdict[] verdicts =
        [
            Found(Plain), Found(Plain), Found(Plain),
            Survived(Plain), Survived(InMatrixOnly), Survived(Equivalent), Survived(Equivalent),
        ];

        var scores = Score.Compute(verdicts);

        Assert.Equal([new("Wire", 3, 2, 2), new("all", 3, 2, 2)], scores);
        Assert.All(scores, score => Assert.Equal((5, "60.0 %"), (score.Total, score.Percent)));
    }

    [Fact]
    public void Verdict_OnlyWithoutReasonOrWithAStaleOne_IsUnexpected()
    {
        Assert.All([Found(Plain), Survived(Equivalent), Survived(InMatrixOnly)], one => Assert.False(one.IsUnexpected));
        Assert.All([Survived(Plain), Found(Equivalent), Found(InMatrixOnly)], one => Assert.True(one.IsUnexpected));
    }

    [Fact]
    public void Limit_OfClasses_IsThreeTimesTheirTimesAndTwentySeconds()
    {
        var baseline = new Baseline(new Dictionary<string, TimeSpan>
        {
            ["LedgerTests"] = TimeSpan.FromSeconds(1),
            ["OrderTests"] = TimeSpan.FromSeconds(10),
            ["OutcomeTests"] = TimeSpan.FromSeconds(100),
        });

        Assert.Equal(TimeSpan.FromSeconds(53), baseline.Limit(["LedgerTests", "OrderTests"]));
    }

    [Fact]
    public void Sample_WithASeed_IsTheSameAgain()
    {
        var options = RunOptions.Parse(["--sample", "5", "--seed", "7"]);

        var sample = Case.Select(options);

        Assert.Equal(Math.Min(5, Case.All.Count), sample.Distinct().Count());
        Assert.Equal(sample, Case.Select(options));
    }

    [Fact]
    public void Selection_ByNameTypeOrFolder_HasTheMutant()
    {
        var any = Case.All[0];

        Assert.Equal([any], Case.Select(RunOptions.Parse([any.Mutant.Name])));
        Assert.Contains(any, Case.Select(RunOptions.Parse([any.Type])));
        Assert.Contains(any, Case.Select(RunOptions.Parse([any.Folder])));
        Assert.Contains(any, Case.Select(RunOptions.Parse([any.Folder.Split('/')[0]])));
    }

    [Theory]
    [InlineData("no mutant, folder or type is named Nothing", "Nothing")]
    [InlineData("unknown option: --all", "--all")]
    [InlineData("--sample 0; allowed: a number from 1 on", "--sample", "0")]
    [InlineData("--page needs a run of all mutants", "--page", "Ledger")]
    public void Arguments_Wrong_AreRejectedWithWhatIsAllowed(string expected, params string[] arguments)
    {
        var error = Assert.Throws<ArgumentException>(() => Case.Select(RunOptions.Parse(arguments)));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    private static Verdict Found(Mutant mutant) => Judge(mutant, "a test [FAIL]");

    private static Verdict Survived(Mutant mutant) => Judge(mutant, null);

    private static Verdict Judge(Mutant mutant, string? failure) =>
        new(new("Wire", mutant, ["SomeTests"]), new(1, failure, TimeSpan.Zero, ""));
}
