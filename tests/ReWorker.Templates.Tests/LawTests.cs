namespace ReWorker.Templates.Tests;

/// <summary>Rules that hold for every scaffold, whatever its name and options.</summary>
public sealed class LawTests(InstalledTemplates templates)
{
    private static readonly string[] Tokens =
        ["My.Step-1", "My.Step_1", "MyStep1", "my-step-1", "my-queue-1", "../content/"];

    private static readonly string[] RepositoryOnly =
    [
        "ReWorker.Templates.csproj", "ReWorker.Templates.Tests", "tests/ReWorker.", "build.sh",
        "docker-compose.override.yml", ".ci/",
    ];

    [Fact]
    public async Task Runtime_Scaffolded_EqualsContentByteForByte()
    {
        var content = Tree.Bytes(Repository.At("content"), Repository.Runtime());

        var scaffold = await templates.Folder.NewAsync("MyStep");

        Assert.Equal(WithoutMode(content), WithoutMode(Tree.Bytes(scaffold.At("src", "ReWorker"))));
    }

    [Theory]
    [MemberData(nameof(OptionTests.Everything), MemberType = typeof(OptionTests))]
    public async Task Scaffold_FromFolderAndFromPackage_IsTheSame(string options)
    {
        var fromFolder = await templates.Folder.NewAsync("Acme.Billing.Step", options.Split(' '));

        var fromPackage = await templates.Package.NewAsync("Acme.Billing.Step", options.Split(' '));

        Assert.Equal(Tree.Bytes(fromFolder.Folder), Tree.Bytes(fromPackage.Folder));
        Assert.Equal(fromFolder.Printed, fromPackage.Printed);
    }

    [Fact]
    public async Task Scaffold_Default_HasExactlyTheListedFiles()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");

        Assert.Equal(Expected("MyStep", "MyStep"), Tree.Files(scaffold.Folder));
    }

    [Fact]
    public async Task Scaffold_FromAFolderWithBuildOutput_HasOnlyTheListedFiles()
    {
        var clone = templates.Clone();
        foreach (var leftover in new[]
        {
            "template/src/My.Step-1/bin/Debug/My.Step-1.dll", "template/src/My.Step-1/obj/project.assets.json",
            "template/.vs/x.json", "template/.idea/x.xml", "template/tests/TestResults/x.trx",
            "template/src/My.Step-1/x.csproj.user",
            "template/.env", "template/src/My.Step-1/appsettings.Development.local.json",
            "content/bin/ReWorker.dll", "content/obj/project.assets.json", "content/.DS_Store",
            "docs/x.md", "tests/x.cs", ".ci/run", "build.sh", "docker-compose.override.yml", "other/Dockerfile",
        })
        {
            var file = Path.Combine(clone, leftover);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "left behind", TestContext.Current.CancellationToken);
        }

        var fromFolder = await (await templates.InstallAsync(clone)).NewAsync("MyStep");
        var fromPackage = await (await templates.InstallAsync(await templates.PackAsync(clone))).NewAsync("MyStep");

        Assert.Equal(Expected("MyStep", "MyStep"), Tree.Files(fromFolder.Folder));
        Assert.Equal(Expected("MyStep", "MyStep"), Tree.Files(fromPackage.Folder));
    }

    [Fact]
    public async Task Scaffold_WithAnyName_ContainsNoToken()
    {
        var scaffold = await templates.Folder.NewAsync("Other");

        Assert.DoesNotContain(Tree.Files(scaffold.Folder), file => Tokens.Any(file.Contains));
        Assert.Empty(Mentions(scaffold, Tokens));
    }

    [Fact]
    public async Task Scaffold_WithAnyName_MentionsNoFileOfThisRepository()
    {
        var scaffold = await templates.Folder.NewAsync("Other");

        Assert.Empty(Mentions(scaffold, RepositoryOnly));
    }

    [Fact]
    public async Task BrokerScript_FromFolderAndFromPackage_IsExecutable()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such permission");

        foreach (var hive in new[] { templates.Folder, templates.Package })
        {
            var scaffold = await hive.NewAsync("MyStep");

            Assert.Contains(
                Tree.Bytes(scaffold.Folder), line => line.StartsWith("broker.sh x ", StringComparison.Ordinal));
        }
    }

    private static string[] Expected(string project, string @class) =>
    [
        .. Repository.RootFiles
            .Concat(Repository.DefaultSources().Select(file => file
                .Replace("My.Step-1", project, StringComparison.Ordinal)
                .Replace("MyStep1", @class, StringComparison.Ordinal)))
            .Concat(Repository.Runtime().Select(file => $"src/ReWorker/{file}"))
            .Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Mentions(Scaffold scaffold, string[] words) =>
        from file in Tree.Files(scaffold.Folder)
        let text = scaffold.Read(file)
        from word in words
        where text.Contains(word, StringComparison.Ordinal)
        select $"{file}: {word}";

    // dotnet new does not copy permissions; only broker.sh gets one, from an action of the template
    private static IEnumerable<string> WithoutMode(string[] lines) =>
        lines.Select(line => line.Replace(" x ", " - ", StringComparison.Ordinal));
}
