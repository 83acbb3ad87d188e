namespace ReWorker.Mutants;

/// <summary>A copy of the repository whose runtime has mutants behind switches.</summary>
internal static class WovenCopy
{
    // no results of builds, and no templates: dotnet new would find those of a copy below the repository
    private static readonly string[] LeftOut = ["bin", "obj", "artifacts", ".git", ".template.config"];

    /// <summary>Copies the sources of the repository, and weaves changes into <c>content/</c>.</summary>
    /// <param name="find">Finds the changes in the parsed copy of <c>content/</c>.</param>
    public static void Write(string repository, string folder, Func<RuntimeSource, IEnumerable<Change>> find)
    {
        Copy(repository, folder);
        var content = Path.Combine(folder, "content");
        var source = new RuntimeSource(content);
        foreach (var file in find(source).ToList().GroupBy(change => change.Original.SyntaxTree))
            File.WriteAllText(file.Key.FilePath, Weaver.Weave(file.Key.GetRoot(), file));
        foreach (var project in Directory.GetFiles(content, "*.csproj", SearchOption.AllDirectories))
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(project)!, "MutantSwitch.cs"), Weaver.Switch);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(IsSource)) File.Copy(file, Target(file));
        foreach (var folder in Directory.GetDirectories(from).Where(IsSource)) Copy(folder, Target(folder));

        static bool IsSource(string path) => !LeftOut.Contains(Path.GetFileName(path));

        string Target(string path) => Path.Combine(to, Path.GetFileName(path));
    }
}
