using ReWorker.Mutants;

namespace ReWorker.Faults;

/// <summary>The programs that run as the worker: the given one or this one, and a build with all mutants.</summary>
internal sealed class Builds(string? given = null) : IDisposable
{
    private readonly Lock _gate = new();
    private DirectoryInfo? _folder;
    private Task<string>? _mutated;

    /// <summary>The path of a program that has these mutants, and the settings that select them.</summary>
    public async Task<(string Program, Dictionary<string, string> Settings)> ProgramAsync(IReadOnlyList<Mutant> mutants)
    {
        if (mutants.Count == 0) return (given ?? Environment.ProcessPath!, []);
        Task<string> build;
        lock (_gate) build = _mutated ??= BuildAsync();
        return (await build, new() { [Weaver.Variable] = string.Join(',', mutants.Select(one => one.Name)) });
    }

    public void Dispose() => _folder?.Delete(recursive: true);

    private async Task<string> BuildAsync()
    {
        _folder = Directory.CreateTempSubdirectory("reworker-mutants-");
        var copy = Path.Combine(_folder.FullName, "repository");
        var output = Path.Combine(_folder.FullName, "worker");
        await Task.Run(() => WovenCopy.Write(Repository.Root, copy, source => Remedies.All.Select(source.Find)));
        // this program without its matrix; whatever a mutant leaves unused is not an error
        await Shell.RunAsync(
            "dotnet", "build", Path.Combine(copy, "tests", "ReWorker.Faults.Native"), "-o", output,
            "-nologo", "-v", "q", "-nodeReuse:false",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false");
        return Path.Combine(output, Path.GetFileName(Environment.ProcessPath!));
    }
}
