using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>The documents match the code.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Compiled = ["template", "content", "tests"];
    private static readonly string[] Sections = ["Broker", "Worker", "OutputWorker"];
    private static readonly string[] Pages =
    [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "template/README.md", "content/README.md",
        .. Directory.GetFiles(Repository.At("docs"), "*.md"),
    ];

    [Fact]
    public void Snippets_OfEachPage_AreFromCompiledCode()
    {
        var code = string.Join("\n", Compiled
            .SelectMany(folder => Directory.GetFiles(Repository.At(folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => CollapseSpace(AsMyStep(File.ReadAllText(file)))));

        var unknown =
            from page in Pages
            from block in Blocks(page, "csharp")
            where !code.Contains(CollapseSpace(block), StringComparison.Ordinal)
            select $"{page}: {block}";

        Assert.Empty(unknown);
    }

    [Fact]
    public void Readme_Configuration_ListsExactlyTheOptions()
    {
        var readme = File.ReadAllText(Repository.At("README.md"));
        var start = readme.IndexOf("## Configuration", StringComparison.Ordinal);
        var table = readme[start..readme.IndexOf("## Coming from", StringComparison.Ordinal)];

        foreach (var section in Sections)
        {
            var file = Repository.Runtime().Single(file => Path.GetFileName(file) == $"{section}Options.cs");
            var options =
                from property in PublicProperty().Matches(File.ReadAllText(Repository.At("content", file)))
                select property.Groups[1].Value;
            var listed =
                from line in table.Split('\n')
                where line.StartsWith($"| `{section}:", StringComparison.Ordinal)
                from name in Code().Matches(line.Split('|')[1])
                select name.Groups[1].Value.Replace($"{section}:", "", StringComparison.Ordinal);

            Assert.Equal(options.Order(), listed.Order());
        }
    }

    [Fact]
    public void Links_OfEachPage_LeadToAFile()
    {
        var broken =
            from page in Pages
            from link in Link().Matches(File.ReadAllText(Repository.At(page)))
            let target = Path.Combine(Path.GetDirectoryName(Repository.At(page))!, link.Groups[1].Value)
            where !File.Exists(target) && !Directory.Exists(target)
            select target;

        Assert.Empty(broken);
    }

    [Fact]
    public void Links_ToFaults_LeadToCleanRows()
    {
        var rows = File.ReadAllLines(Repository.At("docs/faults.md"));

        var unproven =
            from page in Pages
            from link in FaultLink().Matches(File.ReadAllText(Repository.At(page)))
            let anchor = $"<a id=\"{link.Groups[1].Value}\"></a>"
            where !rows.Any(row => row.Contains(anchor, StringComparison.Ordinal) && IsClean(row))
            select anchor;

        Assert.Empty(unproven);

        static bool IsClean(string row) =>
            row.Contains("| Clean |", StringComparison.Ordinal) || row.Contains("| Clean, ", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Blocks(string page, string language) =>
        from block in Block().Matches(AsMyStep(File.ReadAllText(Repository.At(page))))
        where block.Groups[1].Value == language
        select block.Groups[2].Value;

    private static string AsMyStep(string text) =>
        text
            .Replace("MyStep1", "MyStep", StringComparison.Ordinal)
            .Replace("My.Step_1", "MyStep", StringComparison.Ordinal)
            .Replace("My.Step-1", "MyStep", StringComparison.Ordinal);

    private static string CollapseSpace(string text) => Space().Replace(text, " ").Trim();

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
