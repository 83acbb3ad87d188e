using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>docs/contract.md lists each row's tests, and each of these tests names its row.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Document_EachRow_ListsExactlyTheTestsThatNameIt()
    {
        var documented = Rows().SelectMany(row => row.Tests, (row, test) => $"{row.Name} ← {test}");

        Assert.Equal(Tests().Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Document_EachRow_HasATestAndAUniqueName()
    {
        var rows = Rows().ToList();

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.NotEmpty(row.Tests));
        Assert.Equal(rows.Count, rows.DistinctBy(row => row.Name).Count());
    }

    [Fact]
    public void Tests_OfTheContract_AreNotSkipped() => Assert.All(
        Methods(), method => Assert.True(method.GetCustomAttribute<FactAttribute>() is { Skip: null }, method.Name));

    private static IEnumerable<string> Tests() =>
        from method in Methods()
        from row in method.GetCustomAttributes<ContractAttribute>()
        select $"{row.Row} ← {method.DeclaringType!.Name}.{method.Name}";

    private static IEnumerable<MethodInfo> Methods() => typeof(DocumentTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttributes<ContractAttribute>().Any());

    /// <summary>The rows of the tables that list tests: <c>| name | text | `Class.Method` |</c>.</summary>
    private static IEnumerable<(string Name, string[] Tests)> Rows() =>
        from line in File.ReadLines(Repository.At("docs", "contract.md"))
        let row = Row().Match(line)
        where row.Success
        let tests = Test().Matches(row.Groups[2].Value).Select(match => match.Groups[1].Value)
        select (row.Groups[1].Value.Trim(), tests.ToArray());

    [GeneratedRegex(@"^\| ([A-Z][^|`]* / [^|`]+) \|.*\|([^|]*)\|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex Test();
}
