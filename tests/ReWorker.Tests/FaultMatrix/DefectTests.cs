using Microsoft.CodeAnalysis.CSharp;
using ReWorker.Mutants;
using ReWorker.Tests.Laws;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>Every mutant of the tables fits the runtime, has a name of its own, and names tests that exist.</summary>
public sealed class DefectTests
{
    private static readonly HashSet<string> TestClasses =
        [.. typeof(DefectTests).Assembly.GetTypes().Where(HasTests).Select(type => type.Name)];

    private static IEnumerable<(DefectTable Table, Mutant Mutant)> All =>
        DefectTable.All.SelectMany(table => table.Mutants.Select(mutant => (table, mutant)));

    [Fact]
    public void Mutants_OfAllTables_FitTheirFolder()
    {
        var source = new RuntimeSource(Repository.At("content"));

        Law.Holds(All.Select(one => Problem(source, one.Table, one.Mutant)).OfType<string>());
    }

    [Fact]
    public void Mutants_OfAllTables_HaveUniqueNamesWithoutCommas()
    {
        var names = All.Select(one => one.Mutant).Concat(Remedies.All).Select(one => one.Name).ToList();

        var problems = names.CountBy(name => name).Where(one => one.Value > 1)
            .Select(one => $"{one.Value} mutants have the name \"{one.Key}\"")
            .Concat(names.Where(name => name.Contains(',')).Select(name => $"the name \"{name}\" has a comma"));

        Law.Holds(problems);
    }

    [Fact]
    public void Mutants_OfAllTables_NameTestClassesOfTheSuite() => Law.Holds(
        from one in All
        from name in (one.Mutant.Tests ?? one.Table.Tests).DefaultIfEmpty("")
        where !TestClasses.Contains(name)
        select $"the mutant \"{one.Mutant.Name}\" names the test class \"{name}\", which ReWorker.Tests does not have");

    /// <summary>What is wrong with a mutant; null if nothing is.</summary>
    private static string? Problem(RuntimeSource source, DefectTable table, Mutant mutant)
    {
        try
        {
            var change = source.Find(mutant);
            var folder = Path.GetRelativePath(
                Repository.At("content"), Path.GetDirectoryName(change.Original.SyntaxTree.FilePath)!);
            if (!$"{folder.Replace('\\', '/')}/".StartsWith($"{table.Folder}/", StringComparison.Ordinal))
                return $"the mutant \"{mutant.Name}\" is in content/{folder}, but its table is for {table.Folder}";
            var woven = CSharpSyntaxTree.ParseText(Weaver.Weave(change.Original.SyntaxTree.GetRoot(), [change]));
            var errors = woven.GetDiagnostics().Select(error => $"the mutant \"{mutant.Name}\" is not C#: {error}");
            return errors.FirstOrDefault();
        }
        catch (StaleMutantException e)
        {
            return e.Message;
        }
    }

    private static bool HasTests(Type type) => !type.IsAbstract
        && type.GetMethods().Any(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0);
}
