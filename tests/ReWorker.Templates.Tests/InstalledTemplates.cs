using ReWorker.Templates.Tests;

[assembly: AssemblyFixture(typeof(InstalledTemplates))]

namespace ReWorker.Templates.Tests;

/// <summary>The template as the folder gives it and as the package gives it, installed once for the whole run.</summary>
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

    /// <summary>What the package is made of, somewhere else, to be changed.</summary>
    internal string Clone()
    {
        var clone = Folder.EmptyFolder();
        Tree.Copy(Repository.Root, clone, [.. Repository.RootFiles, "ReWorker.Templates.csproj", "README.md", "LICENSE"]);
        foreach (var folder in new[] { ".template.config", "template", "content" })
        {
            Tree.Copy(Repository.At(folder), Path.Combine(clone, folder), Repository.Sources(folder));
        }

        return clone;
    }

    /// <summary>Packs, with everything that this leaves behind outside of the clone.</summary>
    internal async Task<string> PackAsync(string root)
    {
        var artifacts = Path.Combine(_work, $"pack-{Guid.NewGuid():N}");
        (await DotNet.RunAsync(root, "pack", Path.Combine(root, "ReWorker.Templates.csproj"), "--artifacts-path", artifacts)).Succeeded();
        return Assert.Single(Directory.GetFiles(artifacts, "*.nupkg", SearchOption.AllDirectories));
    }
}
