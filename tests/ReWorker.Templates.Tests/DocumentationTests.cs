using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>The documents say what the code does.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Compiled = ["template", "content", "tests"];
    private static readonly string[] Sections = ["Broker", "Worker", "OutputWorker"];
    private static readonly string[] Pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "template/README.md", "content/README.md", .. Directory.GetFiles(Repository.At("docs"), "*.md")];

    [Fact]
    public void Snippets_EachStandsInCodeThatIsCompiled()
    {
        var code = string.Join("\n", Compiled
            .SelectMany(folder => Directory.GetFiles(Repository.At(folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => Squeeze(AsMyStep(File.ReadAllText(file)))));

        var strange = Pages.SelectMany(page => Blocks(page, "csharp").Where(block => !code.Contains(Squeeze(block), StringComparison.Ordinal)).Select(block => $"{page}: {block}"));

        Assert.Empty(strange);
    }

    [Fact]
    public void Readme_NamesEveryOptionAndNoOther()
    {
        var readme = File.ReadAllText(Repository.At("README.md"));
        var table = readme[readme.IndexOf("## Configuration", StringComparison.Ordinal)..readme.IndexOf("## Coming from", StringComparison.Ordinal)];

        foreach (var section in Sections)
        {
            var file = Directory.GetFiles(Repository.At("content"), $"{section}Options.cs", SearchOption.AllDirectories).Single();
            var options = PublicProperty().Matches(File.ReadAllText(file)).Select(one => one.Groups[1].Value).Order();
            var named = table.Split('\n').Where(line => line.StartsWith($"| `{section}:", StringComparison.Ordinal))
                .SelectMany(line => Code().Matches(line.Split('|')[1]).Select(one => one.Groups[1].Value.Replace($"{section}:", "", StringComparison.Ordinal))).Order();

            Assert.Equal(options, named);
        }
    }

    [Fact]
    public void Links_LeadSomewhere()
    {
        var broken = Pages.SelectMany(page => Link().Matches(File.ReadAllText(Repository.At(page)))
            .Select(link => Path.Combine(Path.GetDirectoryName(Repository.At(page))!, link.Groups[1].Value))
            .Where(target => !File.Exists(target) && !Directory.Exists(target)));

        Assert.Empty(broken);
    }

    [Fact]
    public void LinksToFaults_LeadToRowsThatAreClean()
    {
        var rows = File.ReadAllLines(Repository.At("docs/faults.md"));

        var unproven = Pages.SelectMany(page => FaultLink().Matches(File.ReadAllText(Repository.At(page))).Select(link => link.Groups[1].Value)).Distinct()
            .Where(name => !rows.Any(row => row.Contains($"<a id=\"{name}\"></a>", StringComparison.Ordinal) && (row.Contains("| Clean |", StringComparison.Ordinal) || row.Contains("| Clean, ", StringComparison.Ordinal))));

        Assert.Empty(unproven);
    }

    private static IEnumerable<string> Blocks(string page, string language) =>
        Block().Matches(AsMyStep(File.ReadAllText(Repository.At(page)))).Where(one => one.Groups[1].Value == language).Select(one => one.Groups[2].Value);

    private static string AsMyStep(string text) =>
        text.Replace("MyStep1", "MyStep", StringComparison.Ordinal).Replace("My.Step_1", "MyStep", StringComparison.Ordinal).Replace("My.Step-1", "MyStep", StringComparison.Ordinal);

    private static string Squeeze(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"```(\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\s+public (?!const|override|static)\S+ (\w+) \{ get; set; \}", RegexOptions.Multiline)]
    private static partial Regex PublicProperty();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\]\([^)\s]*faults\.md#([^)\s]+)\)")]
    private static partial Regex FaultLink();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
