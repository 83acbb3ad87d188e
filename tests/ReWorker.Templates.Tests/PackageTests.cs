using System.IO.Compression;
using System.Xml.Linq;

namespace ReWorker.Templates.Tests;

/// <summary>The package's files and metadata.</summary>
public sealed class PackageTests(InstalledTemplates templates)
{
    private static readonly string[] Folders = [".template.config", "template", "content"];

    [Fact]
    public void Package_Packed_HasExactlyTheListedFiles()
    {
        using var package = ZipFile.OpenRead(templates.PackageFile);

        var content = package.Entries
            .Select(entry => Uri.UnescapeDataString(entry.FullName))
            .Where(entry => entry.StartsWith("content/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

        Assert.Equal(Expected(), content);
    }

    [Fact]
    public void Package_Packed_HasItsMetadata()
    {
        using var package = ZipFile.OpenRead(templates.PackageFile);

        using var nuspec = package.GetEntry("ReWorker.Templates.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();

        Assert.Equal("Template", Element("packageTypes").Elements().Single().Attribute("name")!.Value);
        Assert.Equal("MIT", Element("license").Value);
        Assert.NotNull(package.GetEntry(Element("readme").Value));
        Assert.NotNull(package.GetEntry(Element("icon").Value));
        Assert.DoesNotContain(
            metadata.Elements(), element => element.Name.LocalName is "dependencies" or "frameworkReferences");

        XElement Element(string name) => metadata.Elements().Single(element => element.Name.LocalName == name);
    }

    private static IEnumerable<string> Expected() =>
        Repository.RootFiles
            .Concat(Folders.SelectMany(folder => Repository.Sources(folder).Select(file => $"{folder}/{file}")))
            .Select(file => $"content/{file}")
            .Order(StringComparer.Ordinal);
}
