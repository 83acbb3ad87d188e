namespace ReWorker.Faults;

/// <summary>The programs that run as the worker: this one, its native build, copies with a mutated runtime.</summary>
internal sealed class Builds(bool isNative = false) : IDisposable
{
    private static readonly string[] Shared = ["Directory.Build.props", "Directory.Packages.props", "global.json"];

    private readonly Dictionary<string, string> _programs = [];
    private readonly List<DirectoryInfo> _folders = [];
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>The path of the program whose runtime has the mutants.</summary>
    public async Task<string> ProgramAsync(IReadOnlyList<Mutant> mutants)
    {
        if (mutants.Count == 0 && !isNative) return Environment.ProcessPath!;
        var key = string.Join(", ", mutants.Select(one => one.Name));
        await _gate.WaitAsync();
        try
        {
            if (!_programs.TryGetValue(key, out var program))
                _programs[key] = program = mutants.Count == 0 ? await PublishNativeAsync() : await BuildAsync(mutants);
            return program;
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

    private async Task<string> PublishNativeAsync()
    {
        var folder = NewFolder();
        Console.WriteLine("Publishing the native worker");
        await Command.RunAsync("dotnet", "publish", Path.Combine(Repository.Root, "tests", "ReWorker.Faults.Native"),
            "-c", "Release", "-o", folder, "-nologo", "-v", "q", "--use-current-runtime", "-p:PublishAot=true");
        return Path.Combine(folder, "ReWorker.Faults");
    }

    private async Task<string> BuildAsync(IReadOnlyList<Mutant> mutants)
    {
        var folder = NewFolder();
        foreach (var file in Shared) File.Copy(Path.Combine(Repository.Root, file), Path.Combine(folder, file));
        var content = Path.Combine(folder, "content");
        Copy(Path.Combine(Repository.Root, "content"), content, except: ["bin", "obj"]);
        foreach (var mutant in mutants)
        {
            var file = Path.Combine(content, mutant.File);
            await File.WriteAllTextAsync(file, mutant.Apply(await File.ReadAllTextAsync(file)));
        }

        // what a mutant leaves unused is no error
        var runtime = Path.Combine(folder, "runtime");
        await Command.RunAsync("dotnet", "build", Path.Combine(content, "ReWorker.csproj"), "-o", runtime, "-nologo", "-v", "q",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "-nodeReuse:false");

        var worker = Path.Combine(folder, "worker");
        Copy(AppContext.BaseDirectory, worker);
        foreach (var file in Directory.GetFiles(runtime, "ReWorker.???")) File.Copy(file, Path.Combine(worker, Path.GetFileName(file)), overwrite: true);
        return Path.Combine(worker, Path.GetFileName(Environment.ProcessPath!));
    }

    private string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("reworker-faults-");
        _folders.Add(folder);
        return folder.FullName;
    }

    private static void Copy(string from, string to, params string[] except)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from).Where(one => !except.Contains(Path.GetFileName(one)))) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
