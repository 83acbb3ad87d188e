using Microsoft.CodeAnalysis.CSharp;
using ReWorker.Mutants;
using Xunit;

namespace ReWorker.Tests.FaultMatrix;

/// <summary>Mutants are found by symbol and syntax, and each gets a switch.</summary>
public sealed class MutantTests : IDisposable
{
    private const string Source =
        """
        class Counter(int start)
        {
            private const int Most = 3;

            public int Value { get; } = start + 1;

            public async Task AddAsync(int count)
            {
                // why
                if (count > 0)
                    await Task.Delay(count); // how long
                Log("a", "b");
                Log("a", "b");
                var half = count / 2;
                var copy = new Counter(1) { Limit = count };
            }
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Counter.Value", "start+1", "start", "(IsOn(m) ? start : start + 1)")]
    [InlineData("Counter.AddAsync", "count>0", "true", "if ((IsOn(m) ? true : count > 0))")]
    [InlineData("Counter.AddAsync", "await Task.Delay( count );", "",
        "{ if (IsOn(m)) { } else { await Task.Delay(count); }")]
    public void Mutant_ThatFits_GetsASwitch(string symbol, string original, string replacement, string expected)
    {
        var woven = Weave(new Mutant("m", symbol, original, replacement));

        Assert.Contains(expected, woven, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutants_NestedAndOfOneOriginal_EachGetASwitch()
    {
        var woven = Weave(
            new("whole", "Counter.AddAsync", "if (count > 0) await Task.Delay(count);", ""),
            new("once", "Counter.AddAsync", "count > 0", "true"),
            new("twice", "Counter.AddAsync", "count > 0", "false"),
            new("half", "Counter.AddAsync", "count / 2", "0"));

        string[] expected =
        [
            "if ((IsOn(twice) ? false : (IsOn(once) ? true : count > 0)))",
            "{ if (IsOn(whole)) { } else { if",
            "var half = (IsOn(half) ? 0 : count / 2)",
        ];
        Assert.All(expected, text => Assert.Contains(text, woven, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Counter.Gone", "1", "2", "there is no such member")]
    [InlineData("Counter.AddAsync", "count > 1", "true", "it occurs 0 times, not once")]
    [InlineData("Counter.AddAsync", "Log(\"a\", \"b\");", "", "it occurs 2 times, not once")]
    [InlineData("Counter.AddAsync", "count > ", "true", "it is neither an expression nor one statement")]
    [InlineData("Counter.AddAsync", "count > 0", "return;", "the replacement is of another kind")]
    [InlineData("Counter.AddAsync", "var half = count / 2;", "", "a declaration would be out of scope")]
    [InlineData("Counter.AddAsync", "await Task.Delay(count)", "1", "it is a whole statement")]
    [InlineData("Counter.AddAsync", "Limit = count", "Limit = 0", "an assignment in an initializer can't be switched")]
    [InlineData("Counter.Most", "3", "4", "a constant can't be switched")]
    public void Mutant_ThatDoesNotFit_IsNamedWithSymbolAndFragment(
        string symbol, string original, string replacement, string expected)
    {
        var error = Assert.Throws<StaleMutantException>(() => Weave(new Mutant("m", symbol, original, replacement)));

        expected = $"the mutant \"m\" at {symbol}, `{original}`: {expected}";
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>The woven source, which must be C#, with single spaces and with short names for the switches.</summary>
    private string Weave(params Mutant[] mutants)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "Counter.cs"), Source);
        var source = new RuntimeSource(_folder.FullName);
        var root = Assert.Single(source.Roots);
        var woven = Weaver.Weave(root, mutants.Select(source.Find));
        var tree = CSharpSyntaxTree.ParseText(woven, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(tree.GetDiagnostics(TestContext.Current.CancellationToken));
        var plain = woven.Replace("// how long", "", StringComparison.Ordinal)
            .Replace("// why", "", StringComparison.Ordinal)
            .Replace("global::MutantSwitch.", "", StringComparison.Ordinal)
            .Replace("\"", "", StringComparison.Ordinal);
        return string.Join(' ', plain.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))
            .Replace(" )", ")", StringComparison.Ordinal);
    }
}
