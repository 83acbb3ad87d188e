using ReWorker.Faults;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>Every row of the fault matrix has a remedy to take away, and no shipped source knows of it.</summary>
public sealed class RemedyTests
{
    public static TheoryData<string> Remedies => [.. Mutants.All.Select(one => one.Name)];

    public static TheoryData<string> Rows => [.. Catalogue.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Remedies))]
    public void Remedy_StandsInTheRuntimeExactlyOnce(string name)
    {
        var mutant = Mutants.All.Single(one => one.Name == name);
        var source = File.ReadAllText(Repository.At("content", mutant.File));

        Assert.NotEqual(source, mutant.Apply(source));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_HasARemedyToTakeAwayOrSaysWhyNot(string name)
    {
        var row = Catalogue.All.Single(one => one.Name == name);

        Assert.NotEqual(row.NoRemedy is null, row.Remedy.Count == 0 && !row.WithoutRemedy.Any());
    }

    [Fact]
    public void Remedies_EachIsTakenAwayBySomeRow() =>
        Assert.Empty(Mutants.All.Except(Catalogue.All.SelectMany(row => row.Remedy.Concat(row.Lacks))));

    [Fact]
    public void Page_HasEveryRow()
    {
        var page = File.ReadAllText(Repository.At("docs", "faults.md"));

        Assert.All(Catalogue.All, row => Assert.Contains($"<a id=\"{row.Name}\"></a>", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Runtime_KnowsNothingOfItsTests()
    {
        var sources = Repository.Runtime().Select(file => File.ReadAllText(Repository.At("content", file)));

        Assert.All(sources, text => Assert.DoesNotContain("build.sh", text, StringComparison.Ordinal));
    }
}
