using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>Scaffolds built and tested as their owner would. They need a broker, as their own README says.</summary>
[Trait("Category", "Scaffold")]
public sealed partial class ScaffoldTests(InstalledTemplates templates)
{
    /// <summary>Set to 1, every name of <see cref="NameTests"/> is built and tested; that takes a while.</summary>
    private const string AllNames = "REWORKER_ALL_NAMES";

    /// <summary>The other tests that build have names of other kinds: <c>Acme.Billing.Step</c>, <c>my-step</c>.</summary>
    private static readonly string[] Sample = ["9lives"];

    public static TheoryData<string> Names =>
        Environment.GetEnvironmentVariable(AllNames) == "1" ? [.. NameTests.Names.Select(row => row.Data.Item1)] : [.. Sample];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Name_OfAnyKind_BuildsAndPassesItsTests(string name)
    {
        var scaffold = await templates.Package.NewAsync(name);

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();
        var tests = (await DotNet.RunAsync(scaffold.Folder, "test", "--no-build", "--filter-not-trait", "Category=Chaos")).Succeeded();

        Assert.Contains("failed: 0", tests.Output, StringComparison.Ordinal);
        Directory.Delete(scaffold.Folder, recursive: true);
    }

    /// <summary>In a namespace <c>Acme.Task</c>, <c>Task</c> is the namespace: template.json changes such names.</summary>
    [Fact]
    public async Task Names_OfTypesThatTheStepUses_AreSetAside()
    {
        var scaffold = await templates.Package.NewAsync("MyStep");

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();

        var code = string.Concat(Tree.Files(scaffold.Folder).Where(IsOwners).Select(file => scaffold.Read(file)));
        var types = Types(scaffold.Built("src", "MyStep")).Union(Types(scaffold.Built("tests", "MyStep.Tests")));
        var free = types
            .Where(type => !type.StartsWith(scaffold.Class, StringComparison.Ordinal))
            .Where(type => Regex.IsMatch(code, $@"(?<![.\w]){type}(?!\w)") && !Forms.Pattern("hidesType").IsMatch(type));
        Assert.True(!free.Any(), $"template.json, form hidesType, lacks {string.Join('|', free)}");
    }

    /// <summary>A project cannot be named as a package that it refers to, however far away.</summary>
    [Fact]
    public async Task Names_OfPackagesThatTheStepUses_AreTaken()
    {
        var scaffold = await templates.Package.NewAsync("MyStep");

        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();

        using var assets = JsonDocument.Parse(scaffold.Read("tests", "MyStep.Tests", "obj", "project.assets.json"));
        var packages = assets.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/')[0]);
        var free = packages.Where(package => !Forms.Pattern("taken").IsMatch(package));
        Assert.True(!free.Any(), $"template.json, form taken, lacks {string.Join('|', free)}");
    }

    private static bool IsOwners(string file) =>
        file.EndsWith(".cs", StringComparison.Ordinal)
        && !file.StartsWith("src/ReWorker/", StringComparison.Ordinal)
        && !file.Contains("/obj/", StringComparison.Ordinal);

    /// <summary>The types of other assemblies that this one names; generic ones no namespace can hide.</summary>
    private static List<string> Types(string assembly)
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
