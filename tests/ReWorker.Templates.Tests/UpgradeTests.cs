using System.Text;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>An upgrade to the next release keeps every change that the owner made.</summary>
public sealed partial class UpgradeTests(InstalledTemplates templates)
{
    /// <summary>A commit whose runtime is one project instead of five. It has MANIFEST and upgrade.sh.</summary>
    private const string OneProject = "c477ef9";

    private const string Owners = "// the owner's", Releases = "// the release's";

    // the tests work with any of the runtime's files, because nothing is built from them
    private static readonly string[] Code =
    [
        .. Repository.Runtime().Where(file => file.EndsWith(".cs", StringComparison.Ordinal)
            && File.ReadAllLines(Repository.At("content", file)).Length > 30),
    ];

    private static readonly string Conflicting = Code[0], Merged = Code[1], OwnerOnly = Code[2], ReleaseOnly = Code[3],
        Removed = Code[4], Dropped = Code[5], Deleted = Code[6],
        MovedMerged = Code[7], MovedConflicting = Code[8], MovedOwnerOnly = Code[9], MovedReleaseOnly = Code[10],
        MovedDeleted = Code[11], MovedOntoAnother = Code[12];

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_OwnerChangedFiles_ShowsTheChangesAndThePlanAndChangesNothing()
    {
        var (scaffold, _) = await ChangedAsync();
        var before = Tree.Bytes(scaffold.Folder);

        var shown = (await UpgradeAsync(scaffold)).Succeeded().Output;

        Assert.Contains("src/ReWorker is release 0.1.0; this is release 0.2.0.", shown, StringComparison.Ordinal);
        Assert.Contains($"  {OwnerOnly}\n  | @@ ", shown, StringComparison.Ordinal);
        Assert.Contains($"  | +{Owners}", shown, StringComparison.Ordinal);
        Assert.Contains("  Mine.cs: your own\n", shown, StringComparison.Ordinal);
        Assert.Contains($"  {Deleted}: deleted\n", shown, StringComparison.Ordinal);
        Assert.Contains(ReleaseOnly, Planned(shown, "replaces"), StringComparison.Ordinal);
        Assert.Contains("New.cs", Planned(shown, "adds"), StringComparison.Ordinal);
        Assert.Contains(Removed, Planned(shown, "removes"), StringComparison.Ordinal);
        Assert.Contains(Merged, Planned(shown, "merges into"), StringComparison.Ordinal);
        Assert.Contains(Conflicting, Planned(shown, "conflicts in"), StringComparison.Ordinal);
        Assert.Contains(Dropped, Planned(shown, "drops; stays because you changed it:"), StringComparison.Ordinal);
        Assert.EndsWith(
            "Notes on the release:\n  First note.\n\n"
            + "Nothing was changed. bash ReWorker.next/upgrade.sh --apply does it.\n", shown, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Apply_OwnerChangedFiles_InstallsTheReleaseAndKeepsEveryChange()
    {
        var (scaffold, release) = await ChangedAsync();

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // because of the conflict
        Assert.Contains($"Resolve the conflict markers in: {Conflicting}", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nNotes on the release:\n  First note.\n", result.Output, StringComparison.Ordinal);
        foreach (var file in new[] { ReleaseOnly, "New.cs", "MANIFEST" })
        {
            Assert.Equal(File.ReadAllText(Path.Combine(release, "content", file)), Read(scaffold, file));
        }

        Assert.False(File.Exists(InRuntime(scaffold, Removed)));
        Assert.False(File.Exists(InRuntime(scaffold, Deleted)));
        foreach (var file in new[] { OwnerOnly, "Mine.cs", Dropped, Conflicting, Merged })
        {
            Assert.Contains(Owners, Read(scaffold, file), StringComparison.Ordinal);
        }

        foreach (var file in new[] { Conflicting, Merged })
        {
            Assert.Contains(Releases, Read(scaffold, file), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("<<<<<<<", Read(scaffold, Merged), StringComparison.Ordinal);
        Assert.Contains("<<<<<<< yours", Read(scaffold, Conflicting), StringComparison.Ordinal);
        Assert.False(Directory.Exists(scaffold.At("ReWorker.next")));
    }

    [Fact]
    public async Task Check_FilesMoved_ShowsBothNames()
    {
        var (scaffold, _) = await ChangedAsync();

        var shown = (await UpgradeAsync(scaffold)).Succeeded().Output;

        foreach (var file in new[] { MovedMerged, MovedConflicting, MovedOwnerOnly })
        {
            Assert.Contains($"  {file} -> {New(file)}\n  | @@ ", shown, StringComparison.Ordinal);
        }

        foreach (var file in new[] { MovedMerged, MovedConflicting, MovedOwnerOnly, MovedReleaseOnly })
        {
            Assert.Contains($"  moves       {file} -> {New(file)}\n", shown, StringComparison.Ordinal);
        }

        Assert.Contains($"  {New(MovedDeleted)}: deleted\n", shown, StringComparison.Ordinal);
        Assert.Contains(New(MovedMerged), Planned(shown, "merges into"), StringComparison.Ordinal);
        Assert.Contains(New(MovedConflicting), Planned(shown, "conflicts in"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_FilesMoved_MovesTheOwnersChangesWithThem()
    {
        var (scaffold, release) = await ChangedAsync();

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Contains($" {New(MovedConflicting)}", result.Output, StringComparison.Ordinal);
        foreach (var file in new[] { MovedMerged, MovedConflicting, MovedOwnerOnly, MovedReleaseOnly, MovedDeleted })
        {
            Assert.False(File.Exists(InRuntime(scaffold, file)), file);
        }

        foreach (var file in new[] { MovedMerged, MovedConflicting, MovedOwnerOnly })
        {
            Assert.Contains(Owners, Read(scaffold, New(file)), StringComparison.Ordinal);
        }

        foreach (var file in new[] { MovedMerged, MovedConflicting, MovedReleaseOnly })
        {
            Assert.Contains(Releases, Read(scaffold, New(file)), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("<<<<<<<", Read(scaffold, New(MovedMerged)), StringComparison.Ordinal);
        Assert.Contains("<<<<<<< yours", Read(scaffold, New(MovedConflicting)), StringComparison.Ordinal);
        Assert.Equal(
            File.ReadAllText(Path.Combine(release, "content", New(MovedReleaseOnly))),
            Read(scaffold, New(MovedReleaseOnly)));
        Assert.False(File.Exists(InRuntime(scaffold, New(MovedDeleted))));
    }

    /// <summary>Both the owner's own file and the edit in the moved file are kept.</summary>
    [Fact]
    public async Task Apply_OwnersFileHasTheNewName_KeepsBoth()
    {
        var (scaffold, _) = await ChangedAsync();

        var result = await UpgradeAsync(scaffold, "--apply");

        var (shown, to) = (result.Output, New(MovedOntoAnother));
        Assert.Contains(MovedOntoAnother, Planned(shown, "drops; stays because"), StringComparison.Ordinal);
        Assert.Contains(to, Planned(shown, "conflicts in"), StringComparison.Ordinal);
        Assert.Contains(Owners, Read(scaffold, MovedOntoAnother), StringComparison.Ordinal);
        Assert.Contains("// another of the owner's", Read(scaffold, to), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ProjectFileMoved_ListsStaleReferencesAndFilesWithoutAProject()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        var reference = ProjectReference().Match(scaffold.Read("src", "MyStep", "MyStep.csproj")).Groups[1].Value;
        var folder = Path.GetDirectoryName(reference)!;
        var (mine, locked) = (Path.Combine(folder, "Mine.cs"), Path.Combine(folder, "packages.lock.json"));
        await File.WriteAllTextAsync(InRuntime(scaffold, mine), Owners, _cancel);
        await File.WriteAllTextAsync(InRuntime(scaffold, locked), "{}", _cancel);
        await File.AppendAllTextAsync(
            scaffold.At("Dockerfile"), $"# ${{RUNTIME}}/{reference}\n# ..\\ReWorker\\{reference}\n", _cancel);
        await CommitAsync(scaffold, "changed");
        var release = templates.Clone();
        await MoveAsync(release, reference, $"Moved/{reference}");
        await AddReleaseAsync(scaffold, release, "0.2.0");

        var applied = (await UpgradeAsync(scaffold, "--apply")).Succeeded().Output;

        var stale = applied[applied.IndexOf("Outside the runtime, update these paths:", StringComparison.Ordinal)..];
        var moved = $"{reference} is now ReWorker/Moved/{reference}\n";
        Assert.Matches($@"\n  src/MyStep/MyStep\.csproj:\d+: ReWorker/{moved}", stale);
        Assert.Matches($@"\n  MyStep\.slnx:\d+: ReWorker/{moved}", stale);
        Assert.Contains($": ReWorker\\{moved}", stale, StringComparison.Ordinal);
        Assert.Contains(
            $": ${{RUNTIME}}/{reference} is now ${{RUNTIME}}/Moved/{reference}\n", stale, StringComparison.Ordinal);
        Assert.Contains($"into one, or delete them:\n  {mine}\n", applied, StringComparison.Ordinal);
        Assert.False(File.Exists(InRuntime(scaffold, locked)));
    }

    /// <summary>A requester's solution has only the folders Wire and Client.</summary>
    [Fact]
    public async Task Apply_FolderUnusedByTheProject_IsNotAdded()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        var inside = Code.Last(file => file.Contains('/', StringComparison.Ordinal));
        var unused = inside.Split('/')[0];
        Directory.Delete(InRuntime(scaffold, unused), recursive: true);
        await CommitAsync(scaffold, "scaffolded");
        var release = templates.Clone();
        await PrependAsync(Path.Combine(release, "content", inside), Releases);
        await File.WriteAllTextAsync(Path.Combine(release, "content", unused, "New.cs"), Releases, _cancel);
        await PrependAsync(Path.Combine(release, "content", Code[0]), Releases);
        await AddReleaseAsync(scaffold, release, "0.2.0");

        var applied = (await UpgradeAsync(scaffold, "--apply")).Succeeded().Output;

        Assert.Contains("You changed nothing in it.", applied, StringComparison.Ordinal);
        Assert.Contains(Releases, Read(scaffold, Code[0]), StringComparison.Ordinal);
        Assert.Contains($"  has; stays out because you use none of it: {unused}\n", applied, StringComparison.Ordinal);
        Assert.False(Directory.Exists(InRuntime(scaffold, unused)));
    }

    [Fact]
    public async Task Apply_UncommittedChanges_StopsAndChangesNothing()
    {
        var (scaffold, _) = await ChangedAsync();
        await File.AppendAllTextAsync(InRuntime(scaffold, "Mine.cs"), "// not committed", _cancel);
        var before = Tree.Bytes(scaffold.Folder);

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("has changes that are not committed", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Apply_WithoutARepository_KeepsACopyOfTheRuntime()
    {
        var (scaffold, _) = await ChangedAsync();
        Directory.Delete(scaffold.At(".git"), recursive: true);
        var before = Tree.Bytes(scaffold.At("src", "ReWorker"));

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // without the shipped text, a file that both changed is a conflict
        Assert.Equal(before, Tree.Bytes(scaffold.At("ReWorker.before")));
        foreach (var file in new[] { Merged, New(MovedMerged) })
        {
            Assert.Contains(Owners, Read(scaffold, file), StringComparison.Ordinal);
            Assert.Contains("<<<<<<< yours", Read(scaffold, file), StringComparison.Ordinal);
        }
    }

    /// <summary>Git's history lacks the shipped text of a merged file, so the upgrade stores that text.</summary>
    [Fact]
    public async Task Apply_ReleaseAfterTheNext_MergesAgain()
    {
        var (scaffold, release) = await ChangedAsync();
        await UpgradeAsync(scaffold, "--apply");
        (await ShellAsync(scaffold, "grep -rl '^<<<<<<<' src | xargs sed -i '/^[<>|=]\\{7\\}/d'")).Succeeded();
        await CommitAsync(scaffold, "upgraded");
        const string after = "// the release after";
        await File.AppendAllTextAsync(Path.Combine(release, "content", Merged), $"{after}\n", _cancel);
        await File.AppendAllTextAsync(Path.Combine(release, "content", New(MovedMerged)), $"{after}\n", _cancel);
        var again = $"Again/{MovedMerged}";
        await MoveAsync(release, New(MovedMerged), again);
        await AddReleaseAsync(scaffold, release, "0.3.0", "note Second note.");

        var shown = (await UpgradeAsync(scaffold)).Succeeded().Output;
        (await UpgradeAsync(scaffold, "--apply")).Succeeded();

        Assert.Contains($"  {New(MovedMerged)} -> {again}\n", shown, StringComparison.Ordinal);
        Assert.Contains("Notes on the release:\n  Second note.\n", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("First note.", shown, StringComparison.Ordinal);
        Assert.False(File.Exists(InRuntime(scaffold, New(MovedMerged))));
        foreach (var file in new[] { Merged, again })
        {
            Assert.Contains(file, Planned(shown, "merges into"), StringComparison.Ordinal);
            foreach (var line in new[] { Owners, Releases, after })
            {
                Assert.Contains(line, Read(scaffold, file), StringComparison.Ordinal);
            }

            Assert.DoesNotContain("<<<<<<<", Read(scaffold, file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Apply_TwoReleasesAtOnce_FollowsAFileThatMovedTwice()
    {
        var (scaffold, release) = await ChangedAsync();
        var again = $"Again/{MovedMerged}";
        await MoveAsync(release, New(MovedMerged), again);
        Directory.Delete(scaffold.At("ReWorker.next"), recursive: true);
        await AddReleaseAsync(scaffold, release, "0.3.0");

        var applied = (await UpgradeAsync(scaffold, "--apply")).Output;

        Assert.Contains($"  moves       {MovedMerged} -> {again}\n", applied, StringComparison.Ordinal);
        Assert.Contains(Owners, Read(scaffold, again), StringComparison.Ordinal);
        Assert.Contains(Releases, Read(scaffold, again), StringComparison.Ordinal);
        Assert.False(File.Exists(InRuntime(scaffold, MovedMerged)));
        Assert.False(File.Exists(InRuntime(scaffold, New(MovedMerged))));
    }

    /// <summary>Git for Windows converts line endings unless .gitattributes prevents it.</summary>
    [Fact]
    public async Task Apply_LinesEndWithCarriageReturns_Merges()
    {
        var (scaffold, _) = await ChangedAsync();
        (await ShellAsync(scaffold, "git rm -q src/ReWorker/.gitattributes")).Succeeded();
        await CommitAsync(scaffold, "older");
        const string convert = "git config core.autocrlf true; rm -r src/ReWorker .git/index; git reset -q --hard";
        (await ShellAsync(scaffold, convert)).Succeeded();
        Assert.Contains("\r\n", Read(scaffold, "MANIFEST"), StringComparison.Ordinal);

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode); // because of the conflict
        Assert.Contains(Removed, Planned(result.Output, "removes"), StringComparison.Ordinal);
        foreach (var file in new[] { Merged, New(MovedMerged) })
        {
            Assert.Contains(file, Planned(result.Output, "merges into"), StringComparison.Ordinal);
            Assert.Contains($"{Owners}\r\n", Read(scaffold, file), StringComparison.Ordinal);
            Assert.Contains($"{Releases}\r\n", Read(scaffold, file), StringComparison.Ordinal);
            Assert.DoesNotContain("<<<<<<<", Read(scaffold, file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Apply_FileCannotBeMerged_StaysWithTheReleasesBesideIt()
    {
        var (scaffold, release) = await ChangedAsync();
        foreach (var file in new[] { Conflicting, MovedConflicting })
        {
            await File.WriteAllTextAsync(InRuntime(scaffold, file), $"{Owners}, in UTF-16", Encoding.Unicode, _cancel);
        }

        await CommitAsync(scaffold, "other encoding");

        var result = await UpgradeAsync(scaffold, "--apply");

        Assert.Equal(1, result.ExitCode);
        foreach (var file in new[] { Conflicting, New(MovedConflicting) })
        {
            Assert.Contains(file, Planned(result.Output, "cannot merge; puts FILE.release"), StringComparison.Ordinal);
            Assert.Equal($"{Owners}, in UTF-16", File.ReadAllText(InRuntime(scaffold, file), Encoding.Unicode));
            Assert.Equal(File.ReadAllText(Path.Combine(release, "content", file)), Read(scaffold, $"{file}.release"));
        }
    }

    /// <summary>The script would delete the folder that it runs from.</summary>
    [Fact]
    public async Task Apply_RunFromTheRuntimeInUse_Fails()
    {
        var (scaffold, _) = await ChangedAsync();

        var result = await ShellAsync(scaffold, "cp -R src/ReWorker other; bash src/ReWorker/upgrade.sh --apply other");

        Assert.Equal(2, result.ExitCode);
        Assert.True(Directory.Exists(scaffold.At("src", "ReWorker")));
    }

    /// <summary>One project became five and most files moved. A new scaffold provides the step.</summary>
    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Apply_RuntimeWasOneProject_KeepsFiveEditsAndPassesTheTests()
    {
        var old = templates.Folder.EmptyFolder();
        var archive = await Shell.RunAsync(
            Repository.Root, new Dictionary<string, string>(), $"git archive {OneProject} | tar -x -C {old}");
        Assert.True(
            archive.ExitCode == 0, $"The test needs commit {OneProject}: git fetch --unshallow.\n{archive.Output}");
        var moves = ManifestTests.Moves(Repository.At("content"))
            .Where(move => move.Old.EndsWith(".cs", StringComparison.Ordinal))
            .Where(move => File.Exists(Path.Combine(old, "content", move.Old))).ToList();
        // in these, the release left the end as it was, where the owner's line is
        string[] files =
        [
            "CommandLine/Settings.cs", "Consuming/MessageKey.cs", "Job.cs", "Publishing/ConfirmWindow.cs",
            "Running/JobEnding.cs",
        ];
        var edited = files.Select(file => moves.Single(move => move.Old == file)).ToList();
        var scaffold = await (await templates.InstallAsync(old)).NewAsync("my-step");
        await CommitAsync(scaffold, "scaffolded");
        foreach (var move in edited)
        {
            await File.AppendAllTextAsync(InRuntime(scaffold, move.Old), $"{Owners} {move.Old}\n", _cancel);
        }

        await CommitAsync(scaffold, "changed");
        await templates.Package.AddAsync(scaffold, "reworker-runtime");

        var shown = (await UpgradeAsync(scaffold)).Succeeded().Output;
        (await UpgradeAsync(scaffold, "--apply")).Succeeded();

        foreach (var (from, to) in edited)
        {
            var place = Resolve(moves, to);
            Assert.Contains($"  {from} -> {place}\n  | @@ ", shown, StringComparison.Ordinal);
            Assert.Contains($"  | +{Owners} {from}\n", shown, StringComparison.Ordinal);
            Assert.False(File.Exists(InRuntime(scaffold, from)));
            Assert.EndsWith($"{Owners} {from}\n", Read(scaffold, place), StringComparison.Ordinal);
        }

        var unedited = Repository.Runtime().Except(edited.Select(move => Resolve(moves, move.New))).ToList();
        Assert.Equal(
            Tree.Bytes(Repository.At("content"), unedited).Select(WithoutMode),
            Tree.Bytes(scaffold.At("src", "ReWorker"), unedited).Select(WithoutMode));

        var next = await templates.Package.NewAsync("my-step");
        Directory.Delete(next.At("src", "ReWorker"), recursive: true);
        Directory.Move(scaffold.At("src", "ReWorker"), next.At("src", "ReWorker"));
        (await DotNet.RunAsync(next.Folder, "build")).Succeeded();
        var tested = (await DotNet.RunAsync(next.Folder, "test", "--no-build")).Succeeded().Output;
        Assert.Contains("failed: 0", tested, StringComparison.Ordinal);
    }

    /// <summary>A project whose owner changed the runtime in every way, and a release that did so too.</summary>
    private async Task<(Scaffold Scaffold, string Release)> ChangedAsync()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        await CommitAsync(scaffold, "scaffolded");
        foreach (var file in new[]
        {
            Conflicting, OwnerOnly, Merged, Dropped, MovedMerged, MovedConflicting, MovedOwnerOnly, MovedOntoAnother,
        })
        {
            await PrependAsync(InRuntime(scaffold, file), Owners);
        }

        await File.WriteAllTextAsync(InRuntime(scaffold, "Mine.cs"), $"{Owners}\n", _cancel);
        File.Delete(InRuntime(scaffold, Deleted));
        File.Delete(InRuntime(scaffold, MovedDeleted));
        Directory.CreateDirectory(Path.GetDirectoryName(InRuntime(scaffold, New(MovedOntoAnother)))!);
        await File.WriteAllTextAsync(
            InRuntime(scaffold, New(MovedOntoAnother)), "// another of the owner's\n", _cancel);
        await CommitAsync(scaffold, "changed");

        var release = templates.Clone();
        string At(string file) => Path.Combine(release, "content", file);
        foreach (var file in new[] { Conflicting, ReleaseOnly, MovedConflicting, MovedReleaseOnly, MovedDeleted })
        {
            await PrependAsync(At(file), Releases);
        }

        await File.AppendAllTextAsync(At(Merged), $"{Releases}\n", _cancel);
        await File.WriteAllTextAsync(At("New.cs"), $"{Releases}\n", _cancel);
        File.Delete(At(Removed));
        File.Delete(At(Dropped));
        // Git does not recognize a renamed file that keeps only its first lines
        var lines = await File.ReadAllLinesAsync(At(MovedMerged), _cancel);
        var reworded = lines.Select((line, number) => number < 5 ? line : $"{Releases} {number}").Append(Releases);
        await File.WriteAllLinesAsync(At(MovedMerged), reworded, _cancel);
        foreach (var file in new[]
        {
            MovedMerged, MovedConflicting, MovedOwnerOnly, MovedReleaseOnly, MovedDeleted, MovedOntoAnother,
        })
        {
            await MoveAsync(release, file, New(file));
        }

        await AddReleaseAsync(scaffold, release, "0.2.0", "note First note.");
        return (scaffold, release);
    }

    private static string New(string file) => $"Moved/{Path.GetFileNameWithoutExtension(file)}Renamed.cs";

    private async Task MoveAsync(string release, string from, string to)
    {
        var content = Path.Combine(release, "content");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(content, to))!);
        File.Move(Path.Combine(content, from), Path.Combine(content, to));
        await File.AppendAllTextAsync(Path.Combine(content, "MANIFEST"), $"moved {from} {to}\n", _cancel);
    }

    /// <summary>Completes the release's MANIFEST and adds the release beside the runtime in use.</summary>
    private async Task AddReleaseAsync(Scaffold scaffold, string release, string version, string note = "")
    {
        var content = Path.Combine(release, "content");
        await File.AppendAllTextAsync(Path.Combine(content, "MANIFEST"), note, _cancel);
        var lines = ManifestTests.Lines(content, version);
        await File.WriteAllTextAsync(Path.Combine(content, "MANIFEST"), string.Join('\n', lines.Append("")), _cancel);
        await (await templates.InstallAsync(release)).AddAsync(scaffold, "reworker-runtime");
    }

    private static string Resolve(IReadOnlyList<(string Old, string New)> moves, string name) =>
        moves.Where(move => move.Old == name).Select(move => Resolve(moves, move.New)).SingleOrDefault(name);

    private static string InRuntime(Scaffold scaffold, string file) => scaffold.At("src", "ReWorker", file);

    private static string Read(Scaffold scaffold, string file) => File.ReadAllText(InRuntime(scaffold, file));

    /// <summary>An entry of the plan with its continuation lines.</summary>
    private static string Planned(string shown, string label) =>
        Regex.Match(shown, $@"^  {Regex.Escape(label)}.*(\n {{14}}.*)*", RegexOptions.Multiline).Value;

    private static Task<CommandResult> UpgradeAsync(Scaffold scaffold, string options = "") =>
        ShellAsync(scaffold, $"bash ReWorker.next/upgrade.sh {options}");

    private static async Task CommitAsync(Scaffold scaffold, string message) => (await ShellAsync(scaffold,
        "git init -q; git add -A; "
        + $"git -c user.name=owner -c user.email=owner@example.com commit -qm '{message}'")).Succeeded();

    private static Task<CommandResult> ShellAsync(Scaffold scaffold, string script) =>
        Shell.RunAsync(scaffold.Folder, new Dictionary<string, string>(), script);

    private async Task PrependAsync(string file, string line) =>
        await File.WriteAllTextAsync(file, $"{line}\n{await File.ReadAllTextAsync(file, _cancel)}", _cancel);

    private static string WithoutMode(string line) => line.Replace(" x ", " - ", StringComparison.Ordinal);

    [GeneratedRegex(@"<ProjectReference Include=""[^""]*ReWorker/([^""]+)""")]
    private static partial Regex ProjectReference();
}
