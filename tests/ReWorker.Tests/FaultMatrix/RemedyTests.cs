using ReWorker.Faults;
using ReWorker.Mutants;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>Every row can show that its remedy is what helps, and no shipped source knows of that.</summary>
public sealed class RemedyTests
{
    private static Lazy<RuntimeSource> Source { get; } = new(() => new RuntimeSource(Repository.At("content")));

    public static TheoryData<string> Names => [.. Remedies.All.Select(one => one.Name)];

    public static TheoryData<string> Rows => [.. Catalogue.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Remedy_Removed_FitsTheRuntime(string name)
    {
        var change = Source.Value.Find(Remedies.All.Single(one => one.Name == name));

        var woven = Weaver.Weave(change.Original.SyntaxTree.GetRoot(TestContext.Current.CancellationToken), [change]);

        Assert.Contains($"MutantSwitch.IsOn(\"{name}\")", woven, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_HasARemedyToRemoveOrSaysWhyNot(string name)
    {
        var row = Catalogue.All.Single(one => one.Name == name);

        Assert.NotEqual(row.NoRemedy is null, row.Remedy.Count == 0 && row.WithoutRemedy.Count == 0);
    }

    [Fact]
    public void Remedies_EachIsRemovedBySomeRow() =>
        Assert.Empty(Remedies.All.Except(Catalogue.All.SelectMany(row => row.Remedy.Concat(row.Lacks))));

    [Fact]
    public void Page_HasEveryRow()
    {
        var page = File.ReadAllText(Repository.At("docs", "faults.md"));

        Assert.All(
            Catalogue.All, row => Assert.Contains($"<a id=\"{row.Name}\"></a>", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Runtime_KnowsNothingOfItsTests()
    {
        var sources = Source.Value.Roots.Select(root => root.ToFullString());

        Assert.All(sources, text => Assert.DoesNotContain("build.sh", text, StringComparison.Ordinal));
    }
}
