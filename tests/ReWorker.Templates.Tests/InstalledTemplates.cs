using ReWorker.Templates.Tests;

[assembly: AssemblyFixture(typeof(InstalledTemplates))]

namespace ReWorker.Templates.Tests;

/// <summary>The template, installed once from the folder and once from the package for the whole run.</summary>
public sealed class InstalledTemplates : IAsyncLifetime
{
    private readonly string _work = Directory.CreateTempSubdirectory("reworker-").FullName;

    internal Hive Folder { get; private set; } = null!;

    internal Hive Package { get; private set; } = null!;

    internal string PackageFile { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        PackageFile = await PackAsync(Repository.Root);
        Folder = await InstallAsync(Repository.Root);
        Package = await InstallAsync(PackageFile);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_work, recursive: true);
        return ValueTask.CompletedTask;
    }

    internal Task<Hive> InstallAsync(string source) => Hive.InstallAsync(source, _work);

    /// <summary>Copies everything that the package is built from, so that a test can change it.</summary>
    internal string Clone()
    {
        var clone = Folder.EmptyFolder();
        string[] files = [.. Repository.RootFiles, "ReWorker.Templates.csproj", "README.md", "LICENSE"];
        Tree.Copy(Repository.Root, clone, files);
        foreach (var folder in new[] { ".template.config", "template", "content" })
        {
            Tree.Copy(Repository.At(folder), Path.Combine(clone, folder), Repository.Sources(folder));
        }

        return clone;
    }

    /// <summary>Packs, and keeps the build's output out of the clone.</summary>
    internal async Task<string> PackAsync(string root)
    {
        var artifacts = Path.Combine(_work, $"pack-{Guid.NewGuid():N}");
        var project = Path.Combine(root, "ReWorker.Templates.csproj");
        (await DotNet.RunAsync(root, "pack", project, "--artifacts-path", artifacts)).Succeeded();
        return Assert.Single(Directory.GetFiles(artifacts, "*.nupkg", SearchOption.AllDirectories));
    }
}
