using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace ReWorker.Templates.Tests;

/// <summary>content/MANIFEST has the release, the moved files, notes for the owner and each file's hash.</summary>
public sealed class ManifestTests
{
    [Fact]
    public async Task Manifest_OfTheRuntime_MatchesItsFiles()
    {
        var manifest = Repository.At("content", "MANIFEST");
        var version = XDocument.Load(Repository.At("ReWorker.Templates.csproj")).Descendants("Version").Single().Value;
        var lines = Lines(Repository.At("content"), version);
        if (Environment.GetEnvironmentVariable("REWORKER_APPROVE") == "1")
        {
            await File.WriteAllTextAsync(
                manifest, string.Join('\n', lines.Append("")), TestContext.Current.CancellationToken);
        }

        Assert.True(
            lines.SequenceEqual(await File.ReadAllLinesAsync(manifest, TestContext.Current.CancellationToken)),
            "content/ has changed; ./build.sh approve updates content/MANIFEST.");
    }

    /// <summary>Old names are never reused, so the lines are right for the owner of any earlier release.</summary>
    [Fact]
    public void Moves_InTheManifest_LeadFromRemovedNamesToExistingFiles()
    {
        var files = Repository.Runtime().ToHashSet();
        var moves = Moves(Repository.At("content")).ToList();

        Assert.DoesNotContain(moves, move => files.Contains(move.Old));
        Assert.Distinct(moves.Select(move => move.Old));
        Assert.Distinct(moves.Select(move => move.New));
        Assert.All(moves.Index(), move => Assert.True(
            files.Contains(move.Item.New) || moves.Skip(move.Index + 1).Any(later => later.Old == move.Item.New),
            $"moved {move.Item.Old} {move.Item.New}: the new file does not exist, and no later line moves it on."));
    }

    /// <summary>The lines that MANIFEST must have: its own moves and notes, and the computed rest.</summary>
    internal static IReadOnlyList<string> Lines(string folder, string version) =>
    [
        $"ReWorker runtime {version}",
        .. File.ReadLines(Path.Combine(folder, "MANIFEST")).Where(line =>
            line.StartsWith("moved ", StringComparison.Ordinal) || line.StartsWith("note ", StringComparison.Ordinal)),
        .. Repository.Sources(folder).Where(file => file != "MANIFEST")
            .Select(file => $"{BlobHash(Path.Combine(folder, file))} {file}"),
    ];

    internal static IEnumerable<(string Old, string New)> Moves(string folder) =>
        File.ReadLines(Path.Combine(folder, "MANIFEST"))
            .Select(line => line.Split(' '))
            .Where(words => words is ["moved", ..])
            .Select(words => words is [_, var old, var @new] ? (old, @new) : throw new FormatException(
                $"'{string.Join(' ', words)}' in MANIFEST is not 'moved OLD NEW'."));

    /// <summary>Git's hash of a file, by which upgrade.sh finds the file in Git's history.</summary>
    private static string BlobHash(string file)
    {
        var text = File.ReadAllBytes(file);
#pragma warning disable CA5350 // Git's choice of hash; it is not used for security
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {text.Length}\0"), .. text]));
#pragma warning restore CA5350
    }
}
