using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ReWorker.Templates.Tests;

/// <summary>content/MANIFEST: the release, the packages that it needs, and each file as git names its text.</summary>
public sealed partial class ManifestTests
{
    [Fact]
    public async Task Manifest_IsOfTheRuntimeAsItIs()
    {
        var manifest = Repository.At("content", "MANIFEST");
        if (Environment.GetEnvironmentVariable("REWORKER_APPROVE") == "1")
        {
            await File.WriteAllTextAsync(manifest, string.Join('\n', Lines().Append("")), TestContext.Current.CancellationToken);
        }

        Assert.True(
            Lines().SequenceEqual(await File.ReadAllLinesAsync(manifest, TestContext.Current.CancellationToken)),
            "content/ has changed; REWORKER_APPROVE=1 writes content/MANIFEST anew.");
    }

    private static IEnumerable<string> Lines()
    {
        var version = XDocument.Load(Repository.At("ReWorker.Templates.csproj")).Descendants("Version").Single().Value;
        var references = Package().Matches(File.ReadAllText(Repository.At("content", "ReWorker.csproj"))).Select(one => one.Groups[1].Value);
        var versions = XDocument.Load(Repository.At("Directory.Packages.props")).Descendants("PackageVersion").ToDictionary(one => one.Attribute("Include")!.Value, one => one.Attribute("Version")!.Value);
        return
        [
            $"ReWorker runtime {version}",
            .. references.Select(one => $"package {one} {versions[one]}"),
            .. Repository.Runtime().Where(file => file != "MANIFEST").Select(file => $"{Blob(Repository.At("content", file))} {file}"),
        ];
    }

    /// <summary>The name that git gives to a file's text: with it, upgrade.sh asks a repository how the file was.</summary>
    private static string Blob(string file)
    {
        var text = File.ReadAllBytes(file);
#pragma warning disable CA5350 // git's choice; nothing is secured with it
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {text.Length}\0"), .. text]));
#pragma warning restore CA5350
    }

    [GeneratedRegex(@"<PackageReference Include=""([^""]+)""")]
    private static partial Regex Package();
}
