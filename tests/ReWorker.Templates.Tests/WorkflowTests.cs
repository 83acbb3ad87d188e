using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace ReWorker.Templates.Tests;

/// <summary>The scaffold's CI, its steps run as they stand in the file, in what a checkout would give them.</summary>
[Trait("Category", "Scaffold")]
public sealed class WorkflowTests(InstalledTemplates templates)
{
    /// <summary>Set to 1, GitLab's file is run too: it has the same commands.</summary>
    private const string AllOptions = "REWORKER_ALL_OPTIONS";

    private static readonly string[] Uses = ["actions/checkout@v4", "actions/setup-dotnet@v4", "actions/upload-artifact@v4"];

    [Fact]
    public async Task GitHub_Steps_BuildTestAndRunAJob()
    {
        Engine.Needed();
        var checkout = await CheckoutAsync("Acme.Billing.Step", "--ci", "github");
        var job = Child(Child(Parse(checkout.Read(".github", "workflows", "ci.yml")), "jobs"), "step");
        var variables = Variables(Child(job, "env"));
        var steps = ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>().ToList();

        Assert.Empty(steps.Where(step => step.Children.ContainsKey("uses")).Select(step => step["uses"].ToString()).Except(Uses));
        await RunAsync(
            checkout,
            variables,
            [.. Commands(step => !step.Children.ContainsKey("if"))],
            [.. Commands(step => step.Children.ContainsKey("if"))]);

        Assert.NotEmpty(File.ReadAllText(checkout.At("results", "compose.log")));
        Assert.Contains("outcome=\"Passed\"", File.ReadAllText(Assert.Single(Directory.GetFiles(checkout.At("results"), "*.trx"))), StringComparison.Ordinal);

        IEnumerable<string> Commands(Func<YamlMappingNode, bool> which) => steps.Where(step => step.Children.ContainsKey("run") && which(step)).Select(step => step["run"].ToString());
    }

    [Fact]
    public async Task GitLab_Scripts_BuildTestAndRunAJob()
    {
        Engine.Needed();
        Assert.SkipUnless(Environment.GetEnvironmentVariable(AllOptions) == "1", $"{AllOptions}=1 runs it");
        var checkout = await CheckoutAsync("my-step", "--ci", "gitlab");
        var file = Parse(checkout.Read(".gitlab-ci.yml"));
        var variables = Variables(Child(file, "variables"));
        foreach (var elsewhere in new[] { "DOCKER_HOST", "DOCKER_TLS_CERTDIR", "TESTCONTAINERS_HOST_OVERRIDE" }) Assert.True(variables.Remove(elsewhere)); // here, the engine is at hand

        foreach (var stage in ((YamlSequenceNode)file["stages"]).Select(one => one.ToString()))
        {
            var job = Child(file, stage);
            await RunAsync(checkout, variables, Lines(job, "script"), Lines(job, "after_script"));
        }

        Assert.NotEmpty(File.ReadAllText(checkout.At("results", "compose.log")));
        Assert.Contains("<testsuite", File.ReadAllText(checkout.At("results", "tests.xml")), StringComparison.Ordinal);

        static string[] Lines(YamlMappingNode job, string key) => job.Children.TryGetValue(key, out var lines) ? [.. ((YamlSequenceNode)lines).Select(one => one.ToString())] : [];
    }

    [Fact]
    public async Task Restore_LockedAndALockFileMissesAPackage_IsRefused()
    {
        var checkout = await CheckoutAsync("MyStep", "--ci", "none", "--no-tests");
        var versions = checkout.At("Directory.Packages.props");
        await File.WriteAllTextAsync(versions, checkout.Read("Directory.Packages.props").Replace("\"7.2.2\"", "\"7.2.1\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var result = await DotNet.RunAsync(checkout.Folder, "restore", "--locked-mode");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("NU1004", result.Output, StringComparison.Ordinal);
    }

    /// <summary>What the SDK adds by itself is of the SDK's version, and what is for one platform is for one: a locked restore elsewhere would fail.</summary>
    [Fact]
    public async Task LockFiles_DependOnNoSdkAndNoPlatform()
    {
        var checkout = await CheckoutAsync("MyStep", "--aot", "--no-tests");
        using var locked = JsonDocument.Parse(checkout.Read("src", "MyStep", "packages.lock.json"));

        var graph = Assert.Single(locked.RootElement.GetProperty("dependencies").EnumerateObject());
        var direct = Assert.Single(graph.Value.EnumerateObject(), package => package.Value.GetProperty("type").GetString() == "Direct");

        Assert.Equal("net10.0", graph.Name);
        Assert.Contains($"Update=\"{direct.Name}\"", checkout.Read("Directory.Build.targets"), StringComparison.Ordinal);
        Assert.Contains($"Version=\"{direct.Value.GetProperty("resolved").GetString()}\"", checkout.Read("Directory.Build.targets"), StringComparison.Ordinal);
    }

    /// <summary>What the owner has committed: all that was written, the lock files, and nothing built.</summary>
    private async Task<Scaffold> CheckoutAsync(string name, params string[] options)
    {
        var scaffold = await templates.Package.NewAsync(name, options);
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();
        foreach (var folder in Directory.GetDirectories(scaffold.Folder, "obj", SearchOption.AllDirectories)) Directory.Delete(folder, recursive: true);
        return scaffold;
    }

    private static async Task RunAsync(Scaffold checkout, Dictionary<string, string> variables, string[] commands, string[] atTheEnd)
    {
        var environment = variables.Concat(Engine.Apart()).ToDictionary();
        try
        {
            foreach (var command in commands) (await Shell.RunAsync(checkout.Folder, environment, command)).Succeeded();
        }
        finally
        {
            foreach (var command in atTheEnd) (await Shell.RunAsync(checkout.Folder, environment, command)).Succeeded();
            if (atTheEnd.Length > 0) (await Shell.RunAsync(checkout.Folder, environment, "docker image rm $STEP_IMAGE")).Succeeded();
        }
    }

    private static YamlMappingNode Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    private static YamlMappingNode Child(YamlMappingNode node, string key) => (YamlMappingNode)node[key];

    private static Dictionary<string, string> Variables(YamlMappingNode node) => node.ToDictionary(one => one.Key.ToString(), one => one.Value.ToString());
}
