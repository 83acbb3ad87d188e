using System.Runtime.CompilerServices;
using ReWorker.Faults;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>Every row of the fault matrix can show that its remedy is what helps, and no shipped source knows of it.</summary>
public sealed class RemedyTests
{
    private static string Content { get; } = Path.GetFullPath(Path.Combine(Here(), "../../../content"));

    public static TheoryData<string> Remedies => [.. Mutants.All.Select(one => one.Name)];

    public static TheoryData<string> Rows => [.. Catalogue.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Remedies))]
    public void Remedy_StandsInTheRuntimeExactlyOnce(string name)
    {
        var mutant = Mutants.All.Single(one => one.Name == name);
        var source = File.ReadAllText(Path.Combine(Content, mutant.File));

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
        var page = File.ReadAllText(Path.Combine(Content, "../docs/faults.md"));

        Assert.All(Catalogue.All, row => Assert.Contains($"<a id=\"{row.Name}\"></a>", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Runtime_KnowsNothingOfItsTests()
    {
        var sources = Directory.GetFiles(Content, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText);

        Assert.All(sources, text => Assert.DoesNotContain("build.sh", text, StringComparison.Ordinal));
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
