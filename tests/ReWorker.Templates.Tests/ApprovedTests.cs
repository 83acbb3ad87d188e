using System.Text;

namespace ReWorker.Templates.Tests;

/// <summary>
/// Everything that the template writes, as text to review: the default in full, each option as its difference from that.
/// REWORKER_APPROVE=1 writes the texts anew; what changed then shows in <c>git diff</c>.
/// </summary>
public sealed class ApprovedTests(InstalledTemplates templates)
{
    // a name whose four forms are four
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
    public async Task Default_IsAsApproved()
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
    public async Task Option_DiffersFromTheDefaultAsApproved(string name, string option)
    {
        var (before, after) = (await FilesAsync("--ci github"), await FilesAsync(option));

        var text = new StringBuilder();
        foreach (var file in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var difference = Difference.Between(before.GetValueOrDefault(file) ?? [], after.GetValueOrDefault(file) ?? []);
            if (difference.Count == 0) continue;
            text.Append($"=== {file}{(!before.ContainsKey(file) ? " (new)" : !after.ContainsKey(file) ? " (gone)" : "")}\n");
            foreach (var line in after.ContainsKey(file) ? difference : []) text.Append($"{line}\n");
        }

        await ApproveAsync(name, text.ToString());
    }

    /// <summary>Every file and its lines, and what was said; the runtime is content/ byte for byte, as another test has it.</summary>
    private async Task<Dictionary<string, string[]>> FilesAsync(string options)
    {
        var scaffold = await templates.Folder.NewAsync(Name, options.Split(' '));
        var files = Tree.Files(scaffold.Folder)
            .Where(file => !file.StartsWith("src/ReWorker/", StringComparison.Ordinal))
            .ToDictionary(file => file, file => scaffold.Read(file).TrimEnd('\n').Split('\n'));
        files["(said)"] = [.. scaffold.Said.Trim().Split('\n').Select(line => line.TrimEnd())];
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

        var difference = Difference.Between(await File.ReadAllLinesAsync(approved, TestContext.Current.CancellationToken), text.TrimEnd('\n').Split('\n'));
        Assert.True(difference.Count == 0, $"Not as in Approved/{name}.txt; REWORKER_APPROVE=1 writes it anew:\n{string.Join('\n', difference)}");
    }
}
