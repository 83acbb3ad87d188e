using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>docs/contract.md names a test for each row, and each such test names its row: neither can be forgotten.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Document_EveryRow_NamesTestsThatNameIt()
    {
        var written = Rows().SelectMany(row => row.Tests, (row, test) => $"{row.Name} ← {test}").Order(StringComparer.Ordinal);
        var proved = Tests().Order(StringComparer.Ordinal);

        Assert.Equal(proved, written);
    }

    [Fact]
    public void Document_NoRow_IsWithoutATestOrThereTwice()
    {
        var rows = Rows().ToList();

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.NotEmpty(row.Tests));
        Assert.Equal(rows.Count, rows.DistinctBy(row => row.Name).Count());
    }

    [Fact]
    public void Tests_OfTheContract_AreRun() => Assert.All(
        Methods(), method => Assert.True(method.GetCustomAttribute<FactAttribute>() is { Skip: null }, method.Name));

    private static IEnumerable<string> Tests() => Methods()
        .SelectMany(method => method.GetCustomAttributes<ContractAttribute>(), (method, row) => $"{row.Row} ← {method.DeclaringType!.Name}.{method.Name}");

    private static IEnumerable<MethodInfo> Methods() => typeof(DocumentTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttributes<ContractAttribute>().Any());

    /// <summary>The rows of the tables whose last column holds tests: <c>| name | says | `Class.Method` `Class.Method` |</c>.</summary>
    private static IEnumerable<(string Name, string[] Tests)> Rows() => File.ReadLines(Document("contract.md"))
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .Select(match => (match.Groups[1].Value.Trim(), Test().Matches(match.Groups[2].Value).Select(one => one.Groups[1].Value).ToArray()));

    /// <summary>A page of the docs, by its name.</summary>
    internal static string Document(string page)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "docs", page);
            if (File.Exists(path)) return path;
        }
        throw new FileNotFoundException($"docs/{page}");
    }

    [GeneratedRegex(@"^\| ([A-Z][^|`]* / [^|`]+) \|.*\|([^|]*)\|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex Test();
}
