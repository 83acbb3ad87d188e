using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ReWorker.Templates.Tests;

/// <summary>What <c>dotnet new reworker</c> wrote, and the four names that it made of the one given.</summary>
/// <param name="Folder">Where the solution is.</param>
/// <param name="Said">What the command printed.</param>
internal sealed partial record Scaffold(string Folder, string Said)
{
    public string Project => Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(Folder, "*.slnx")));

    public string Namespace => XDocument.Load(At("src", Project, $"{Project}.csproj")).Descendants("RootNamespace").Single().Value;

    public string Class => Worker().Match(Assert.Single(Directory.GetFiles(At("src", Project), "*Worker.cs"), file => Worker().IsMatch(file))).Groups[1].Value;

    /// <summary>The compose service that is built here.</summary>
    public string Service => Assert.Single(Services().Matches(Read("docker-compose.yml"))).Groups[1].Value;

    public string Queue
    {
        get
        {
            using var settings = JsonDocument.Parse(Read("src", Project, "appsettings.json"));
            return settings.RootElement.GetProperty("Worker").GetProperty(nameof(Queue)).GetString()!;
        }
    }

    public string At(params string[] path) => Path.Combine([Folder, .. path]);

    /// <summary>What the build made of a project.</summary>
    public string Built(params string[] project) => At([.. project, "bin", "Debug", "net10.0", $"{project[^1]}.dll"]);

    public string Read(params string[] path) => File.ReadAllText(At(path));

    [GeneratedRegex(@"([^/\\]+)Worker\.cs$")]
    private static partial Regex Worker();

    [GeneratedRegex(@"^  ([^\s:]+):.*\n    build:", RegexOptions.Multiline)]
    private static partial Regex Services();
}
