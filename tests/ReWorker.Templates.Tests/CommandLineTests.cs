namespace ReWorker.Templates.Tests;

/// <summary>What <c>dotnet new reworker</c> prints: help, next steps and errors.</summary>
public sealed class CommandLineTests(InstalledTemplates templates)
{
    [Fact]
    public async Task Help_OfTheTemplate_ListsEveryOption()
    {
        var hive = templates.Package;

        var help = (await hive.RunAsync(hive.EmptyFolder(), "reworker", "--help")).Succeeded().Output;

        Assert.Contains("ReWorker step (RabbitMQ worker) (C#)", help, StringComparison.Ordinal);
        Assert.Contains("-q, --queue <queue>", help, StringComparison.Ordinal);
        Assert.Contains("worker.<this>", help, StringComparison.Ordinal);
        Assert.Contains("-b, --broker-image <broker-image>", help, StringComparison.Ordinal);
        Assert.Contains("Default: rabbitmq:4-management", help, StringComparison.Ordinal);
        Assert.Contains("--aot ", help, StringComparison.Ordinal);
        Assert.Contains("--no-tests ", help, StringComparison.Ordinal);
        Assert.Contains("--ci <github|gitlab|none>", help, StringComparison.Ordinal);
        Assert.Contains("-k, --kubernetes ", help, StringComparison.Ordinal);
        Assert.Contains("--no-restore", help, StringComparison.Ordinal);
        Assert.DoesNotContain("skipRestore", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_WithTheTemplateInstalled_ShowsIt()
    {
        var hive = templates.Package;

        var list = (await hive.RunAsync(hive.EmptyFolder(), "list", "reworker")).Succeeded().Output;

        Assert.Contains("Worker/RabbitMQ/Docker", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaffold_Written_PrintsTheNextSteps()
    {
        var scaffold = await templates.Folder.NewAsync("My Step", "--queue", "billing");

        Assert.Contains("the project is called My-Step.", scaffold.Printed, StringComparison.Ordinal);
        Assert.Contains("docker compose up -d", scaffold.Printed, StringComparison.Ordinal);
        Assert.Contains("docker compose run --rm my-step submit", scaffold.Printed, StringComparison.Ordinal);
        Assert.Contains("worker.billing", scaffold.Printed, StringComparison.Ordinal);
        Assert.Contains("src/My-Step/MyStepWorker.cs", scaffold.Printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("billing", "billing")]
    [InlineData("Billing.v2_eu-1", "Billing.v2_eu-1")]
    [InlineData("billing queue \"x\"", "billing-queue-x")]
    [InlineData("日本", "mystep")]
    [InlineData("output", "output-step")]
    public async Task Queue_Given_BecomesAValidName(string queue, string valid)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--queue", queue);

        Assert.Equal((valid, "mystep"), (scaffold.Queue, scaffold.Service));
    }

    [Theory]
    [InlineData("--colour", "'--colour' is not a valid option")]
    [InlineData("--queue", "Required argument missing for option: '--queue'")]
    [InlineData("--no-restore=maybe", "'maybe' is not a valid option")]
    [InlineData("--name=a/b", "Name cannot contain any of the following characters")]
    public async Task Option_Invalid_IsReported(string option, string error)
    {
        var folder = templates.Folder.EmptyFolder();

        var result = await templates.Folder.RunAsync(folder, "reworker", option);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(error, result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task Folder_WithAScaffold_IsLeftUnchanged()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        var worker = scaffold.At("src", "MyStep", "MyStepWorker.cs");
        await File.WriteAllTextAsync(worker, "// mine", TestContext.Current.CancellationToken);
        var before = Tree.Bytes(scaffold.Folder);

        var parent = Path.GetDirectoryName(scaffold.Folder)!;
        var result = await templates.Folder.RunAsync(parent, "reworker", "-n", "MyStep", "--no-restore");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Overwrite   ./src/MyStep/MyStepWorker.cs", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Folder_WithOtherFiles_KeepsThem()
    {
        var folder = templates.Folder.EmptyFolder();
        var notes = Path.Combine(folder, "notes.txt");
        await File.WriteAllTextAsync(notes, "mine", TestContext.Current.CancellationToken);

        (await templates.Folder.RunAsync(folder, "reworker", "-n", "MyStep", "-o", ".", "--no-restore")).Succeeded();

        Assert.True(File.Exists(Path.Combine(folder, "MyStep.slnx")));
        Assert.Equal("mine", await File.ReadAllTextAsync(notes, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Sdk_TooOld_PrintsTheRequiredVersion()
    {
        var clone = templates.Clone();
        var template = Path.Combine(clone, ".template.config", "template.json");
        var json = await File.ReadAllTextAsync(template, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            template, json.Replace("[10.0.100,)", "[99.0.100,)", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        var hive = await templates.InstallAsync(clone);
        var result = await hive.RunAsync(hive.EmptyFolder(), "reworker", "-n", "MyStep");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Supported version(s): [99.0.100, )", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_Unavailable_PrintsHowToRestoreLater()
    {
        var folder = templates.Folder.EmptyFolder();
        const string noSource =
            """
            <configuration><packageSources><clear /><add key="none" value="nowhere" /></packageSources></configuration>
            """;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "nuget.config"), noSource, TestContext.Current.CancellationToken);
        var noCache = new Dictionary<string, string> { ["NUGET_PACKAGES"] = templates.Folder.EmptyFolder() };

        var result = await templates.Folder.RunAsync(folder, noCache, "reworker", "-n", "MyStep");

        Assert.Contains("run 'dotnet restore' in the project's folder", result.Output, StringComparison.Ordinal);
        Assert.Contains("docker compose up -d", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "MyStep", "MyStep.slnx")));
    }
}
