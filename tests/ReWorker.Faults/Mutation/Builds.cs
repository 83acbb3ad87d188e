namespace ReWorker.Faults;

/// <summary>The chaos worker's programs: a given one or else this, and copies of this that stand on a runtime with mutants.</summary>
internal sealed class Builds(string? given = null) : IDisposable
{
    private static readonly string[] Shared = ["Directory.Build.props", "Directory.Packages.props", "global.json"];

    private readonly Dictionary<string, string> _programs = [];
    private readonly List<DirectoryInfo> _folders = [];
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>The path of the program whose runtime has the mutants.</summary>
    public async Task<string> ProgramAsync(IReadOnlyList<Mutant> mutants)
    {
        if (mutants.Count == 0) return given ?? Environment.ProcessPath!;
        var key = string.Join(", ", mutants.Select(one => one.Name));
        await _gate.WaitAsync();
        try
        {
            return _programs.TryGetValue(key, out var program) ? program : _programs[key] = await BuildAsync(mutants);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        foreach (var folder in _folders) folder.Delete(recursive: true);
        _gate.Dispose();
    }

    private async Task<string> BuildAsync(IReadOnlyList<Mutant> mutants)
    {
        var folder = Directory.CreateTempSubdirectory("reworker-mutant-");
        _folders.Add(folder);
        foreach (var file in Shared) File.Copy(Path.Combine(Repository.Root, file), Path.Combine(folder.FullName, file));
        var content = Path.Combine(folder.FullName, "content");
        Copy(Path.Combine(Repository.Root, "content"), content, except: ["bin", "obj"]);
        foreach (var mutant in mutants)
        {
            var file = Path.Combine(content, mutant.File);
            await File.WriteAllTextAsync(file, mutant.Apply(await File.ReadAllTextAsync(file)));
        }

        // what a mutant leaves unused is no error
        var runtime = Path.Combine(folder.FullName, "runtime");
        await Command.RunAsync("dotnet", "build", Path.Combine(content, "ReWorker.csproj"), "-o", runtime, "-nologo", "-v", "q",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "-nodeReuse:false");

        var worker = Path.Combine(folder.FullName, "worker");
        Copy(AppContext.BaseDirectory, worker);
        foreach (var file in Directory.GetFiles(runtime, "ReWorker.???")) File.Copy(file, Path.Combine(worker, Path.GetFileName(file)), overwrite: true);
        return Path.Combine(worker, Path.GetFileName(Environment.ProcessPath!));
    }

    private static void Copy(string from, string to, params string[] except)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from).Where(one => !except.Contains(Path.GetFileName(one)))) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
