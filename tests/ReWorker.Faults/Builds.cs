using ReWorker.Mutants;

namespace ReWorker.Faults;

/// <summary>The programs that run as the worker: this one, its native build, and a build with all mutants.</summary>
internal sealed class Builds(bool isNative = false) : IDisposable
{
    private readonly Lock _gate = new();
    private DirectoryInfo? _folder;
    private Task<string>? _native;
    private Task<string>? _mutated;

    /// <summary>The path of a program that has these mutants, and the settings that select them.</summary>
    public async Task<(string Program, Dictionary<string, string> Settings)> ProgramAsync(IReadOnlyList<Mutant> mutants)
    {
        Task<string> build;
        if (mutants.Count == 0)
        {
            if (!isNative) return (Environment.ProcessPath!, []);
            lock (_gate) build = _native ??= PublishNativeAsync();
            return (await build, []);
        }
        lock (_gate) build = _mutated ??= BuildAsync();
        return (await build, new() { [Weaver.Variable] = string.Join(',', mutants.Select(one => one.Name)) });
    }

    public void Dispose() => _folder?.Delete(recursive: true);

    private async Task<string> PublishNativeAsync()
    {
        Console.WriteLine("Publishing the native worker");
        return await CompileAsync(
            "publish", Repository.Root, "native", "-c", "Release", "--use-current-runtime", "-p:PublishAot=true");
    }

    private async Task<string> BuildAsync()
    {
        var copy = Path.Combine(Folder(), "repository");
        await Task.Run(() => WovenCopy.Write(Repository.Root, copy, source => Remedies.All.Select(source.Find)));
        // whatever a mutant leaves unused is not an error
        return await CompileAsync(
            "build", copy, "mutated", "-nodeReuse:false",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false");
    }

    /// <summary>Compiles the worker alone, without the matrix, and returns the path of the program.</summary>
    private async Task<string> CompileAsync(string verb, string repository, string name, params string[] options)
    {
        var output = Path.Combine(Folder(), name);
        var project = Path.Combine(repository, "tests", "ReWorker.Faults.Native");
        await Command.RunAsync("dotnet", [verb, project, "-o", output, "-nologo", "-v", "q", .. options]);
        return Path.Combine(output, Path.GetFileName(Environment.ProcessPath!));
    }

    private string Folder()
    {
        lock (_gate) _folder ??= Directory.CreateTempSubdirectory("reworker-faults-");
        return _folder.FullName;
    }
}
