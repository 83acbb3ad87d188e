using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace ReWorker.Templates.Tests;

/// <summary>Runs the commands of the scaffold's CI files in the equivalent of a fresh checkout.</summary>
[Trait("Category", "Scaffold")]
public sealed class WorkflowTests(InstalledTemplates templates)
{
    /// <summary>If set to 1, GitLab's file runs too. Its commands are the same as GitHub's.</summary>
    private const string AllOptions = "REWORKER_ALL_OPTIONS";

    private static readonly string[] KnownActions =
        ["actions/checkout@v4", "actions/setup-dotnet@v4", "actions/upload-artifact@v4"];

    [Fact]
    public async Task GitHub_Steps_BuildTestAndRunAJob()
    {
        Engine.SkipUnlessAvailable();
        var checkout = await CheckoutAsync("Acme.Billing.Step", "--ci", "github");
        var job = Child(Child(Parse(checkout.Read(".github", "workflows", "ci.yml")), "jobs"), "step");
        var variables = Variables(Child(job, "env"));
        var steps = ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>().ToList();

        var actions = steps.Where(step => step.Children.ContainsKey("uses")).Select(step => step["uses"].ToString());
        Assert.Empty(actions.Except(KnownActions));
        await RunAsync(
            checkout,
            variables,
            [.. Commands(step => !step.Children.ContainsKey("if"))],
            [.. Commands(step => step.Children.ContainsKey("if"))]);

        Assert.NotEmpty(File.ReadAllText(checkout.At("results", "compose.log")));
        var report = Assert.Single(Directory.GetFiles(checkout.At("results"), "*.trx"));
        Assert.Contains("outcome=\"Passed\"", File.ReadAllText(report), StringComparison.Ordinal);

        IEnumerable<string> Commands(Func<YamlMappingNode, bool> condition) =>
            from step in steps
            where step.Children.ContainsKey("run") && condition(step)
            select step["run"].ToString();
    }

    [Fact]
    public async Task GitLab_Scripts_BuildTestAndRunAJob()
    {
        Engine.SkipUnlessAvailable();
        Assert.SkipUnless(Environment.GetEnvironmentVariable(AllOptions) == "1", $"only with {AllOptions}=1");
        var checkout = await CheckoutAsync("my-step", "--ci", "gitlab");
        var file = Parse(checkout.Read(".gitlab-ci.yml"));
        var variables = Variables(Child(file, "variables"));
        // GitLab runs the Docker engine in another container; here it is local
        foreach (var remote in new[] { "DOCKER_HOST", "DOCKER_TLS_CERTDIR", "TESTCONTAINERS_HOST_OVERRIDE" })
            Assert.True(variables.Remove(remote));

        foreach (var stage in ((YamlSequenceNode)file["stages"]).Select(stage => stage.ToString()))
        {
            var job = Child(file, stage);
            await RunAsync(checkout, variables, Lines(job, "script"), Lines(job, "after_script"));
        }

        Assert.NotEmpty(File.ReadAllText(checkout.At("results", "compose.log")));
        Assert.Contains("<testsuite", File.ReadAllText(checkout.At("results", "tests.xml")), StringComparison.Ordinal);

        static string[] Lines(YamlMappingNode job, string key) => job.Children.TryGetValue(key, out var lines)
            ? [.. ((YamlSequenceNode)lines).Select(line => line.ToString())]
            : [];
    }

    [Fact]
    public async Task Restore_LockFileLacksAPackage_FailsInLockedMode()
    {
        var checkout = await CheckoutAsync("MyStep", "--ci", "none", "--no-tests");
        var versions = checkout.At("src", "ReWorker", "Directory.Packages.props");
        var changed = checkout.Read("src", "ReWorker", "Directory.Packages.props")
            .Replace("\"7.2.2\"", "\"7.2.1\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(versions, changed, TestContext.Current.CancellationToken);

        var result = await DotNet.RunAsync(checkout.Folder, "restore", "--locked-mode");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("NU1004", result.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// A lock file that names a package of the SDK's own version, or one for a single platform, would make a locked
    /// restore fail on other machines.
    /// </summary>
    [Fact]
    public async Task LockFiles_OfAScaffold_DependOnNoSdkAndNoPlatform()
    {
        var checkout = await CheckoutAsync("MyStep", "--aot", "--no-tests");
        using var locked = JsonDocument.Parse(checkout.Read("src", "MyStep", "packages.lock.json"));

        var graph = Assert.Single(locked.RootElement.GetProperty("dependencies").EnumerateObject());
        var direct = Assert.Single(
            graph.Value.EnumerateObject(), package => package.Value.GetProperty("type").GetString() == "Direct");
        var version = direct.Value.GetProperty("resolved").GetString();
        var targets = checkout.Read("Directory.Build.targets");

        Assert.Equal("net10.0", graph.Name);
        Assert.Contains($"Update=\"{direct.Name}\"", targets, StringComparison.Ordinal);
        Assert.Contains($"Version=\"{version}\"", targets, StringComparison.Ordinal);
    }

    /// <summary>A scaffold as its owner commits it: with lock files, and without build output.</summary>
    private async Task<Scaffold> CheckoutAsync(string name, params string[] options)
    {
        var scaffold = await templates.Package.NewAsync(name, options);
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();
        foreach (var folder in Directory.GetDirectories(scaffold.Folder, "obj", SearchOption.AllDirectories))
            Directory.Delete(folder, recursive: true);
        return scaffold;
    }

    private static async Task RunAsync(
        Scaffold checkout, Dictionary<string, string> variables, string[] commands, string[] cleanup)
    {
        var environment = variables.Concat(Engine.UniqueEnvironment()).ToDictionary();
        try
        {
            foreach (var command in commands) await RunOneAsync(command);
        }
        finally
        {
            foreach (var command in cleanup) await RunOneAsync(command);
            if (cleanup.Length > 0) await RunOneAsync("docker image rm $STEP_IMAGE");
        }

        async Task RunOneAsync(string command) =>
            (await Shell.RunAsync(checkout.Folder, environment, command)).Succeeded();
    }

    private static YamlMappingNode Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    private static YamlMappingNode Child(YamlMappingNode node, string key) => (YamlMappingNode)node[key];

    private static Dictionary<string, string> Variables(YamlMappingNode node) =>
        node.ToDictionary(variable => variable.Key.ToString(), variable => variable.Value.ToString());
}
