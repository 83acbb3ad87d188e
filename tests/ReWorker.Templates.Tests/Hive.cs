namespace ReWorker.Templates.Tests;

/// <summary>Installed templates, kept apart from the developer's own.</summary>
internal sealed class Hive(string path, string work)
{
    /// <param name="source">A folder or a package file.</param>
    public static async Task<Hive> InstallAsync(string source, string work)
    {
        var hive = new Hive(Path.Combine(work, $"hive-{Guid.NewGuid():N}"), work);
        (await hive.RunAsync(work, "install", source)).Succeeded();
        return hive;
    }

    /// <summary>Runs <c>dotnet new reworker -n name</c> in an empty folder, without a restore.</summary>
    public async Task<Scaffold> NewAsync(string name, params string[] options)
    {
        var folder = EmptyFolder();
        var result = await RunAsync(folder, ["reworker", "-n", name, "--no-restore", "--no-update-check", .. options]);
        return new Scaffold(Path.Combine(folder, name), result.Succeeded().Output);
    }

    /// <summary>Runs <c>dotnet new</c> with an item template, such as <c>reworker-step</c>, in a scaffold.</summary>
    public async Task<string> AddAsync(Scaffold scaffold, string item, params string[] options) =>
        (await RunAsync(scaffold.Folder, [item, .. options])).Succeeded().Output;

    /// <summary>Runs <c>dotnet new</c> with the arguments.</summary>
    public Task<CommandResult> RunAsync(string folder, params string[] arguments) =>
        DotNet.RunAsync(folder, ["new", .. arguments, "--debug:custom-hive", path]);

    public Task<CommandResult> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        DotNet.RunAsync(folder, environment, ["new", .. arguments, "--debug:custom-hive", path]);

    public string EmptyFolder() =>
        Directory.CreateDirectory(Path.Combine(work, Guid.NewGuid().ToString("N"))).FullName;
}
