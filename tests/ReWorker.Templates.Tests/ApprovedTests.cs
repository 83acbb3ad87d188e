using System.Text;

namespace ReWorker.Templates.Tests;

/// <summary>
/// Compares everything that the template writes with approved texts: the default in full, each option as its difference
/// from the default. REWORKER_APPROVE=1 rewrites the texts, and <c>git diff</c> then shows what changed.
/// </summary>
public sealed class ApprovedTests(InstalledTemplates templates)
{
    // each of the name's four forms is different
    private const string Name = "Acme.Billing-Step";

    public static TheoryData<string, string> Options => new()
    {
        { "queue", "--queue billing" },
        { "broker-image", "--broker-image rabbitmq:4.0" },
        { "aot", "--aot" },
        { "no-tests", "--no-tests" },
        { "ci-gitlab", "--ci gitlab" },
        { "ci-none", "--ci none" },
        { "kubernetes", "--kubernetes" },
    };

    [Fact]
    public async Task Scaffold_Default_MatchesTheApprovedText()
    {
        var text = new StringBuilder();
        foreach (var (file, lines) in await FilesAsync("--ci github"))
        {
            text.Append($"=== {file}\n");
            foreach (var line in lines) text.Append($"{line}\n");
        }

        await ApproveAsync("default", text.ToString());
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task Scaffold_WithAnOption_DiffersFromTheDefaultAsApproved(string name, string option)
    {
        var (before, after) = (await FilesAsync("--ci github"), await FilesAsync(option));

        var text = new StringBuilder();
        foreach (var file in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var difference = Difference.Between(
                before.GetValueOrDefault(file) ?? [], after.GetValueOrDefault(file) ?? []);
            if (difference.Count == 0) continue;
            var kind = !before.ContainsKey(file) ? " (new)" : !after.ContainsKey(file) ? " (gone)" : "";
            text.Append($"=== {file}{kind}\n");
            foreach (var line in after.ContainsKey(file) ? difference : []) text.Append($"{line}\n");
        }

        await ApproveAsync(name, text.ToString());
    }

    /// <summary>
    /// Every file with its lines, and what the command printed. The runtime is left out, because <see cref="LawTests"/>
    /// compares it with content/.
    /// </summary>
    private async Task<Dictionary<string, string[]>> FilesAsync(string options)
    {
        var scaffold = await templates.Folder.NewAsync(Name, options.Split(' '));
        var files = Tree.Files(scaffold.Folder)
            .Where(file => !file.StartsWith("src/ReWorker/", StringComparison.Ordinal))
            .ToDictionary(file => file, file => scaffold.Read(file).TrimEnd('\n').Split('\n'));
        files["(printed)"] = [.. scaffold.Printed.Trim().Split('\n').Select(line => line.TrimEnd())];
        return files;
    }

    private static async Task ApproveAsync(string name, string text)
    {
        var approved = Repository.At("tests", "ReWorker.Templates.Tests", "Approved", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("REWORKER_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(approved)!);
            await File.WriteAllTextAsync(approved, text, TestContext.Current.CancellationToken);
        }

        var difference = Difference.Between(
            await File.ReadAllLinesAsync(approved, TestContext.Current.CancellationToken),
            text.TrimEnd('\n').Split('\n'));
        Assert.True(
            difference.Count == 0,
            $"The output differs from Approved/{name}.txt. REWORKER_APPROVE=1 rewrites it:\n"
            + string.Join('\n', difference));
    }
}
