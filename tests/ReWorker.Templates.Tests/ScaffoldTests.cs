using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>Scaffolds build and pass their own tests, which need a broker.</summary>
[Trait("Category", "Scaffold")]
public sealed partial class ScaffoldTests(InstalledTemplates templates)
{
    /// <summary>If set to 1, every name of <see cref="NameTests"/> is built and tested, which takes long.</summary>
    private const string AllNames = "REWORKER_ALL_NAMES";

    /// <summary>Other tests build names of other kinds: <c>Acme.Billing.Step</c>, <c>my-step</c>.</summary>
    private static readonly string[] Sample = ["9lives"];

    public static TheoryData<string> Names =>
        Environment.GetEnvironmentVariable(AllNames) == "1"
            ? [.. NameTests.Names.Select(row => row.Data.Item1)]
            : [.. Sample];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scaffold_WithAnOddName_BuildsAndPassesItsTests(string name)
    {
        var scaffold = await templates.Package.NewAsync(name);

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();
        var tests = await DotNet.RunAsync(
            scaffold.Folder, "test", "--no-build", "--filter-not-trait", "Category=Chaos");

        Assert.Contains("failed: 0", tests.Succeeded().Output, StringComparison.Ordinal);
        Directory.Delete(scaffold.Folder, recursive: true);
    }

    /// <summary>In a namespace <c>Acme.Task</c>, <c>Task</c> is the namespace, so template.json changes it.</summary>
    [Fact]
    public async Task Names_OfTypesThatTheStepUses_AreChanged()
    {
        var scaffold = await templates.Package.NewAsync("MyStep");

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();

        var code = string.Concat(Tree.Files(scaffold.Folder).Where(IsOwnersCode).Select(file => scaffold.Read(file)));
        var types = ReferencedTypes(scaffold.Assembly("src", "MyStep"))
            .Union(ReferencedTypes(scaffold.Assembly("tests", "MyStep.Tests")));
        var missing = types
            .Where(type => !type.StartsWith(scaffold.Class, StringComparison.Ordinal))
            .Where(type => Regex.IsMatch(code, $@"(?<![.\w]){type}(?!\w)"))
            .Where(type => !Forms.Pattern("hidesType").IsMatch(type));
        Assert.True(!missing.Any(), $"The form hidesType in template.json lacks {string.Join('|', missing)}.");
    }

    /// <summary>A project can't have the name of a package that it references, even indirectly.</summary>
    [Fact]
    public async Task Names_OfPackagesThatTheStepUses_GetASuffix()
    {
        var scaffold = await templates.Package.NewAsync("MyStep");

        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();

        using var assets = JsonDocument.Parse(scaffold.Read("tests", "MyStep.Tests", "obj", "project.assets.json"));
        var packages = assets.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/')[0]);
        var missing = packages.Where(package => !Forms.Pattern("taken").IsMatch(package));
        Assert.True(!missing.Any(), $"The form taken in template.json lacks {string.Join('|', missing)}.");
    }

    private static bool IsOwnersCode(string file) =>
        file.EndsWith(".cs", StringComparison.Ordinal)
        && !file.StartsWith("src/ReWorker/", StringComparison.Ordinal)
        && !file.Contains("/obj/", StringComparison.Ordinal);

    /// <summary>The referenced types of other assemblies, without generic types, which no namespace can hide.</summary>
    private static List<string> ReferencedTypes(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata.TypeReferences
                .Select(metadata.GetTypeReference)
                .Where(type => type.ResolutionScope.Kind == HandleKind.AssemblyReference)
                .Select(type => metadata.GetString(type.Name))
                .Where(name => !name.Contains('`', StringComparison.Ordinal))
                .SelectMany(name => new[] { name, AttributeSuffix().Replace(name, "") }),
        ];
    }

    [GeneratedRegex("(?<=.)Attribute$")]
    private static partial Regex AttributeSuffix();
}
