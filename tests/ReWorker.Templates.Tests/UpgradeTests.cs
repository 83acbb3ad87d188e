namespace ReWorker.Templates.Tests;

/// <summary>The runtime's next release in a project of an earlier one: what the owner changed stays, whatever it was.</summary>
public sealed class UpgradeTests(InstalledTemplates templates)
{
    /// <summary>The first commit whose scaffold has integration tests; it knows neither MANIFEST nor upgrade.sh.</summary>
    private const string First = "4685b25";

    private const string Both = "Supervision/Backoff.cs", OursAlone = "Supervision/Loss.cs", TheirsAlone = "Job.cs", Apart = "Worker.cs";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_SaysWhatTheOwnerChangedAndWhatWouldBeDone_AndDoesNothing()
    {
        var (scaffold, _) = await ChangedAsync();
        var before = Tree.Bytes(scaffold.Folder);

        var said = (await UpgradeAsync(scaffold)).Succeeded().Output;

        Assert.Contains("is 0.1.0, this is 0.2.0.", said, StringComparison.Ordinal);
        Assert.Contains($"  {TheirsAlone}\n", said, StringComparison.Ordinal);
        Assert.Contains("  | +// the owner's", said, StringComparison.Ordinal);
        Assert.Contains("  Mine.cs: your own\n", said, StringComparison.Ordinal);
        Assert.Contains("  Testing/MemoryBus.cs: taken out\n", said, StringComparison.Ordinal);
        Assert.Contains($"  replaces    {OursAlone}\n", said, StringComparison.Ordinal);
        Assert.Contains("  adds        New.cs\n", said, StringComparison.Ordinal);
        Assert.Contains("  removes     DeliveryInfo.cs\n", said, StringComparison.Ordinal);
        Assert.Contains($"  merges into {Apart}\n", said, StringComparison.Ordinal);
        Assert.Contains($"  conflicts in {Both}\n", said, StringComparison.Ordinal);
        Assert.Contains("  no longer has, you changed, stay: Phase.cs\n", said, StringComparison.Ordinal);
        Assert.Contains("  packages:   Polly.Core ->8.9.1\n", said, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", said, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Apply_BringsTheReleaseAndLosesNothingOfTheOwners()
    {
        var (scaffold, release) = await ChangedAsync();

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // a conflict waits
        Assert.Contains($"Resolve what stands between conflict markers in: {Both}", result.Output, StringComparison.Ordinal);
        foreach (var file in new[] { OursAlone, "New.cs", "MANIFEST" }) Assert.Equal(File.ReadAllText(Path.Combine(release, "content", file)), Runtime(file));
        Assert.False(File.Exists(scaffold.At("src", "ReWorker", "DeliveryInfo.cs")));
        Assert.False(File.Exists(scaffold.At("src", "ReWorker", "Testing", "MemoryBus.cs")));
        foreach (var file in new[] { TheirsAlone, "Mine.cs", "Phase.cs", Both, Apart }) Assert.Contains("// the owner's", Runtime(file), StringComparison.Ordinal);
        foreach (var file in new[] { Both, Apart }) Assert.Contains("// the release's", Runtime(file), StringComparison.Ordinal);
        Assert.DoesNotContain("<<<<<<<", Runtime(Apart), StringComparison.Ordinal);
        Assert.Contains("<<<<<<< yours", Runtime(Both), StringComparison.Ordinal);
        Assert.Contains("<PackageVersion Include=\"Polly.Core\" Version=\"8.9.1\" />", scaffold.Read("Directory.Packages.props"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(scaffold.At("ReWorker.next")));

        string Runtime(string file) => scaffold.Read(["src", "ReWorker", .. file.Split('/')]);
    }

    [Fact]
    public async Task Apply_ChangesNotCommitted_AreNotTouched()
    {
        var (scaffold, _) = await ChangedAsync();
        await File.AppendAllTextAsync(scaffold.At("src", "ReWorker", "Mine.cs"), "// not committed", _cancel);
        var before = Tree.Bytes(scaffold.Folder);

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("not committed", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Apply_WithoutARepository_KeepsTheRuntimeAsItWas()
    {
        var (scaffold, _) = await ChangedAsync();
        Directory.Delete(scaffold.At(".git"), recursive: true);
        var before = Tree.Bytes(scaffold.At("src", "ReWorker"));
        var packages = scaffold.Read("Directory.Packages.props");

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // what was shipped is not known: each file that both changed has a conflict
        Assert.Equal(packages, scaffold.Read("ReWorker.before", "Directory.Packages.props"));
        File.Delete(scaffold.At("ReWorker.before", "Directory.Packages.props"));
        Assert.Equal(before, Tree.Bytes(scaffold.At("ReWorker.before")));
        Assert.Contains("// the owner's", scaffold.Read("src", "ReWorker", Apart), StringComparison.Ordinal);
    }

    /// <summary>The release before is in nobody's history as it was shipped: the upgrade itself has kept what the next one merges over.</summary>
    [Fact]
    public async Task Apply_TheReleaseAfter_MergesIntoWhatWasMerged()
    {
        var (scaffold, release) = await ChangedAsync();
        await UpgradeAsync(scaffold, "--apply");
        (await Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), $"sed -i '/^[<>|=]\\{{7\\}}/d' src/ReWorker/{Both}")).Succeeded();
        await CommitAsync(scaffold, "upgraded");
        await File.AppendAllTextAsync(Path.Combine(release, "content", Apart), "// the release after\n", _cancel);
        await BringAsync(scaffold, release, "0.3.0");

        var said = (await UpgradeAsync(scaffold)).Succeeded().Output;
        (await UpgradeAsync(scaffold, "--apply")).Succeeded();

        Assert.Contains($"  merges into {Apart}\n", said, StringComparison.Ordinal);
        Assert.Contains("  | +// the owner's", said, StringComparison.Ordinal);
        var merged = scaffold.Read("src", "ReWorker", Apart);
        foreach (var line in new[] { "// the owner's\n", "// the release's\n", "// the release after\n" }) Assert.Contains(line, merged, StringComparison.Ordinal);
        Assert.DoesNotContain("<<<<<<<", merged, StringComparison.Ordinal);
        Assert.True(File.Exists(scaffold.At(["src", "ReWorker", ".shipped", .. Apart.Split('/')])));
        Assert.DoesNotContain(".shipped", (await DotNet.RunAsync(scaffold.Folder, "msbuild", "src/ReWorker", "-getItem:Compile")).Succeeded().Output, StringComparison.Ordinal);
    }

    /// <summary>Git for Windows turns line ends; a project from before .gitattributes has them so.</summary>
    [Fact]
    public async Task Apply_LinesEndWithCarriageReturns_MergesAllTheSame()
    {
        var (scaffold, _) = await ChangedAsync();
        const string turn = "git config core.autocrlf true; git rm -q --cached -r src; rm -r src/ReWorker; git reset -q; rm -f .git/index; git reset -q --hard";
        (await Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), $"git rm -q src/ReWorker/.gitattributes; git -c user.name=owner -c user.email=owner@example.com commit -qm older; {turn}")).Succeeded();
        Assert.Contains("\r\n", scaffold.Read("src", "ReWorker", "MANIFEST"), StringComparison.Ordinal);

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // a conflict waits
        Assert.Contains($"  removes     DeliveryInfo.cs\n", result.Output, StringComparison.Ordinal);
        Assert.Contains($"  merges into {Apart}\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("// the owner's\r\n", scaffold.Read("src", "ReWorker", Apart), StringComparison.Ordinal);
        Assert.Contains("// the release's\r\n", scaffold.Read("src", "ReWorker", Apart), StringComparison.Ordinal);
        Assert.DoesNotContain("<<<<<<<", scaffold.Read("src", "ReWorker", Apart), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_FileThatGitCantMerge_StaysAndTheReleasesIsPutBesideIt()
    {
        var (scaffold, release) = await ChangedAsync();
        var mine = scaffold.At(["src", "ReWorker", .. Both.Split('/')]);
        await File.WriteAllTextAsync(mine, "// the owner's, in two bytes each", System.Text.Encoding.Unicode, _cancel);
        await CommitAsync(scaffold, "other encoding");
        var before = await File.ReadAllBytesAsync(mine, _cancel);

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"has anew: {Both}\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(mine, _cancel));
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(release, "content", Both), _cancel), await File.ReadAllTextAsync($"{mine}.release", _cancel));
    }

    [Fact]
    public async Task Check_PackagesOfThePreview_AreOlderThanTheirRelease()
    {
        var (scaffold, _) = await ChangedAsync();
        var props = scaffold.At("Directory.Packages.props");
        var text = (await File.ReadAllTextAsync(props, _cancel)).Replace("1.20.1-beta.1", "1.20.1", StringComparison.Ordinal)
            .Replace("\"RabbitMQ.Client\" Version=\"7.2.2\"", "\"RabbitMQ.Client\" Version=\"7.2.2-rc.1\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(props, text, _cancel);

        var said = (await UpgradeAsync(scaffold)).Succeeded().Output;

        Assert.Contains("  packages:   Polly.Core ->8.9.1 RabbitMQ.Client 7.2.2-rc.1->7.2.2\n", said, StringComparison.Ordinal);
        var refused = await UpgradeAsync(scaffold, "--apply");
        Assert.Contains("Directory.Packages.props has changes that are not committed", refused.Output, StringComparison.Ordinal);
    }

    /// <summary>Its folder would be removed at the end.</summary>
    [Fact]
    public async Task Apply_OfARuntimeInUse_IsRefused()
    {
        var (scaffold, _) = await ChangedAsync();

        var result = await Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), "cp -R src/ReWorker other; bash src/ReWorker/upgrade.sh --apply other");

        Assert.Equal(2, result.ExitCode);
        Assert.True(Directory.Exists(scaffold.At("src", "ReWorker")));
    }

    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Apply_ToAScaffoldOfTheFirstCommit_BuildsAndPassesItsTests()
    {
        var old = templates.Folder.EmptyFolder();
        var there = await Shell.RunAsync(Repository.Root, new Dictionary<string, string>(), $"git archive {First} | tar -x -C {old}");
        Assert.SkipUnless(there.ExitCode == 0, "needs the repository's history");
        var scaffold = await (await templates.InstallAsync(old)).NewAsync("my-step");
        await CommitAsync(scaffold, "scaffolded");
        await File.AppendAllTextAsync(scaffold.At("src", "ReWorker", "Worker.cs"), "\n// the owner's\n", _cancel);
        await CommitAsync(scaffold, "changed");

        await templates.Package.AddAsync(scaffold, "reworker-runtime");
        (await UpgradeAsync(scaffold, "--apply")).Succeeded();

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();
        Assert.Contains("failed: 0", (await DotNet.RunAsync(scaffold.Folder, "test", "--no-build")).Succeeded().Output, StringComparison.Ordinal);
        Assert.EndsWith("// the owner's\n", scaffold.Read("src", "ReWorker", "Worker.cs"), StringComparison.Ordinal);
        var upgraded = Tree.Bytes(scaffold.At("src", "ReWorker"), Repository.Runtime().Where(file => file != "Worker.cs"));
        Assert.Equal(Tree.Bytes(Repository.At("content"), Repository.Runtime().Where(file => file != "Worker.cs")).Select(WithoutMode), upgraded.Select(WithoutMode));
    }

    /// <summary>A project whose owner changed the runtime in every way, beside a release that changed it in every way.</summary>
    private async Task<(Scaffold Scaffold, string Release)> ChangedAsync()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        await CommitAsync(scaffold, "scaffolded");
        foreach (var file in new[] { Both, TheirsAlone, Apart, "Phase.cs" }) await PrependAsync(scaffold.At(["src", "ReWorker", .. file.Split('/')]), "// the owner's");
        await File.WriteAllTextAsync(scaffold.At("src", "ReWorker", "Mine.cs"), "// the owner's\n", _cancel);
        File.Delete(scaffold.At("src", "ReWorker", "Testing", "MemoryBus.cs"));
        await CommitAsync(scaffold, "changed");

        var release = templates.Clone();
        string At(string file) => Path.Combine(release, "content", file);
        foreach (var file in new[] { Both, OursAlone }) await PrependAsync(At(file), "// the release's");
        await File.AppendAllTextAsync(At(Apart), "// the release's\n", _cancel);
        await File.WriteAllTextAsync(At("New.cs"), "// the release's\n", _cancel);
        foreach (var file in new[] { "DeliveryInfo.cs", "Phase.cs" }) File.Delete(At(file));
        await BringAsync(scaffold, release, "0.2.0\npackage Polly.Core 8.9.1");
        return (scaffold, release);
    }

    /// <summary>Makes the release's MANIFEST, and puts the release beside the runtime.</summary>
    private async Task BringAsync(Scaffold scaffold, string release, string version)
    {
        const string list = "find . -type f -not -name MANIFEST | sed 's|^./||' | LC_ALL=C sort | while read -r file; do echo \"$(git hash-object \"$file\") $file\"; done";
        (await Shell.RunAsync(Path.Combine(release, "content"), new Dictionary<string, string>(), $"{{ echo 'ReWorker runtime {version}'; grep ^package MANIFEST; {list}; }} >new && mv new MANIFEST && sed -i '/ new$/d' MANIFEST")).Succeeded();
        await (await templates.InstallAsync(release)).AddAsync(scaffold, "reworker-runtime");
    }

    private static Task<CommandResult> UpgradeAsync(Scaffold scaffold, string options = "") =>
        Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), $"bash ReWorker.next/upgrade.sh {options}");

    private static async Task CommitAsync(Scaffold scaffold, string message) =>
        (await Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), $"git init -q; git add -A; git -c user.name=owner -c user.email=owner@example.com commit -qm '{message}'")).Succeeded();

    private async Task PrependAsync(string file, string line) =>
        await File.WriteAllTextAsync(file, $"{line}\n{await File.ReadAllTextAsync(file, _cancel)}", _cancel);

    private static string WithoutMode(string line) => line.Replace(" x ", " - ", StringComparison.Ordinal);
}
