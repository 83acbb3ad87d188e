using System.Text.RegularExpressions;

namespace ReWorker.Mutants.Run;

/// <summary>The mutants can't be tried; the message says why.</summary>
internal sealed class RunException(string message) : Exception(message);

/// <summary>
/// The test program with all mutants, in artifacts/mutants. What has not changed since the last run is not built again.
/// </summary>
internal sealed partial class WovenBuild : IDisposable
{
    private readonly FileStream _lock;

    /// <summary>Waits until no other run uses the folder.</summary>
    public WovenBuild()
    {
        Directory.CreateDirectory(Folder);
        while (true)
        {
            try
            {
                _lock = new FileStream(Path.Combine(Folder, "lock"), FileMode.Create, FileAccess.Write, FileShare.None);
                return;
            }
            catch (IOException)
            {
                Console.WriteLine($"Waiting for another run that uses {Folder}");
                Thread.Sleep(TimeSpan.FromSeconds(5));
            }
        }
    }

    public static string Folder { get; } = Repository.At("artifacts", "mutants");

    public static string Tests { get; } = Path.Combine(Folder, "repository", "tests", "ReWorker.Tests");

    public static string Program { get; } = Path.Combine(Tests, "bin", "Debug", "net10.0", "ReWorker.Tests");

    private static string Copy { get; } = Path.Combine(Folder, "repository");

    private static string IsBuilt { get; } = Path.Combine(Folder, "built");

    public void Dispose() => _lock.Dispose();

    /// <exception cref="RunException">Mutants do not fit or do not compile; the message names them.</exception>
    public static async Task MakeAsync(CancellationToken cancel)
    {
        var fresh = Directory.CreateTempSubdirectory("reworker-mutants-").FullName;
        try
        {
            WovenCopy.Write(Repository.Root, fresh, FindAll);
            if (!Update(fresh) && File.Exists(IsBuilt)) return;
        }
        finally
        {
            Directory.Delete(fresh, recursive: true);
        }
        Console.WriteLine($"Building the tests with all mutants in {Copy}");
        // whatever a mutant leaves unused is not an error
        var build = await Command.TryAsync(
            new("dotnet",
            [
                "build", Tests, "-nologo", "-v", "q", "-nodeReuse:false",
                "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false",
            ]),
            cancel: cancel);
        if (build.ExitCode != 0) throw new RunException(Explain(build.Output));
        await File.WriteAllTextAsync(IsBuilt, "", cancel);
    }

    private static List<Change> FindAll(RuntimeSource source)
    {
        var (found, stale) = (new List<Change>(), new List<string>());
        foreach (var one in Case.All)
        {
            try
            {
                found.Add(source.Find(one.Mutant));
            }
            catch (StaleMutantException e)
            {
                stale.Add(e.Message);
            }
        }
        return stale.Count == 0 ? found : throw new RunException(string.Join('\n', stale));
    }

    /// <summary>Changes only files that differ, so that the build compiles no more than it must.</summary>
    private static bool Update(string fresh)
    {
        var old = Directory.Exists(Copy) ? Sources(Copy) : [];
        var files = Sources(fresh);
        var gone = old.Except(files).ToList();
        var changed = files.Where(file => !old.Contains(file) || !IsSame(file)).ToList();
        if (gone.Count + changed.Count == 0) return false;
        File.Delete(IsBuilt);
        foreach (var file in gone) File.Delete(Path.Combine(Copy, file));
        foreach (var file in changed)
        {
            var target = Path.Combine(Copy, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(fresh, file), target, overwrite: true);
            File.SetLastWriteTimeUtc(target, DateTime.UtcNow);
        }
        return true;

        bool IsSame(string file) => Bytes(fresh, file).AsSpan().SequenceEqual(Bytes(Copy, file));

        static byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(folder, file));
    }

    private static HashSet<string> Sources(string folder) =>
        [.. Tree.Files(folder).Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "TestResults"))];

    /// <summary>The compiler's errors, each with the mutant that precedes it.</summary>
    private static string Explain(string output)
    {
        var errors = CompilerError().Matches(output).Select(one => one.Value).Distinct().Order().ToList();
        return errors.Count == 0
            ? $"The tests with all mutants do not build:\n{output}"
            : $"Not all mutants compile:\n{string.Join('\n', errors.Select(Name))}";
    }

    private static string Name(string error)
    {
        var place = CompilerError().Match(error).Groups;
        var line = File.ReadLines(place[1].Value).Take(int.Parse(place[2].Value, null)).ToList();
        // several mutants on one line: the one before the column, or else the first
        var column = Math.Min(line[^1].Length, int.Parse(place[3].Value, null));
        var names = SwitchedOn().Matches(string.Join('\n', [.. line[..^1], line[^1][..column]])).LastOrDefault()
            ?? SwitchedOn().Match(line[^1]);
        return $"probably \"{names.Groups[1].Value}\": {error}";
    }

    [GeneratedRegex(@"(\S+\.cs)\((\d+),(\d+)\): error [^\[\n]*")]
    private static partial Regex CompilerError();

    [GeneratedRegex("""MutantSwitch\.IsOn\("([^"]+)"\)""")]
    private static partial Regex SwitchedOn();
}
