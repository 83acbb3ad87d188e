namespace ReWorker.Mutants;

/// <summary>A copy of the repository whose runtime has mutants behind switches.</summary>
internal static class WovenCopy
{
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
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from))
        {
            var name = Path.GetFileName(folder);
            if (name is not ("bin" or "obj" or "artifacts" or ".git")) Copy(folder, Path.Combine(to, name));
        }
    }
}
