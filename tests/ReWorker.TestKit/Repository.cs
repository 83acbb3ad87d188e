using System.Runtime.CompilerServices;

namespace ReWorker.TestKit;

/// <summary>The clone that the tests run in, and its files.</summary>
public static class Repository
{
    /// <summary>The root's files that ship. Tests compare the template and the package with this list.</summary>
    public static IReadOnlyList<string> RootFiles { get; } =
    [
        ".dockerignore",
        ".editorconfig",
        ".gitattributes",
        ".gitignore",
        "Directory.Build.props",
        "Directory.Build.targets",
        "Directory.Packages.props",
        "Dockerfile",
        "broker.sh",
        "docker-compose.yml",
        "global.json",
    ];

    /// <summary>What only an option, or another template, takes from template/.</summary>
    private static readonly string[] NotByDefault = [".gitlab-ci.yml", "kubernetes/", "step/", "runtime/", "client/"];

    private static readonly string[] Leftovers =
        ["bin", "obj", "artifacts", "TestResults", ".vs", ".idea"];

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "..", ".."));

    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    /// <summary>The files below a folder, as relative paths, without what builds and editors leave behind.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Tree.Files(At(folder)).Where(file => !file.Split('/').Any(Leftovers.Contains));

    /// <summary>The files of template/ that a scaffold without options has.</summary>
    public static IEnumerable<string> DefaultSources() =>
        Sources("template").Where(file => !NotByDefault.Any(start => file.StartsWith(start, StringComparison.Ordinal)));

    public static IEnumerable<string> Runtime() => Sources("content");

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
