namespace ReWorker.Templates.Tests;

/// <summary>What a person reads who asks for help, takes an option or gets something wrong.</summary>
public sealed class CommandLineTests(InstalledTemplates templates)
{
    [Fact]
    public async Task Help_SaysWhatThereIsToChoose()
    {
        var help = (await templates.Package.RunAsync(templates.Package.EmptyFolder(), "reworker", "--help")).Succeeded().Output;

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
    public async Task List_ShowsTheTemplate()
    {
        var list = (await templates.Package.RunAsync(templates.Package.EmptyFolder(), "list", "reworker")).Succeeded().Output;

        Assert.Contains("Worker/RabbitMQ/Docker", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaffold_Written_SaysWhatIsNext()
    {
        var scaffold = await templates.Folder.NewAsync("My Step", "--queue", "billing");

        Assert.Contains("the project is called My-Step.", scaffold.Said, StringComparison.Ordinal);
        Assert.Contains("docker compose up -d", scaffold.Said, StringComparison.Ordinal);
        Assert.Contains("docker compose run --rm my-step submit", scaffold.Said, StringComparison.Ordinal);
        Assert.Contains("worker.billing", scaffold.Said, StringComparison.Ordinal);
        Assert.Contains("src/My-Step/MyStepWorker.cs", scaffold.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("billing", "billing")]
    [InlineData("Billing.v2_eu-1", "Billing.v2_eu-1")]
    [InlineData("billing queue \"x\"", "billing-queue-x")]
    [InlineData("日本", "mystep")]
    [InlineData("output", "output-step")]
    public async Task Queue_Given_BecomesALegalOne(string queue, string legal)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--queue", queue);

        Assert.Equal((legal, "mystep"), (scaffold.Queue, scaffold.Service));
    }

    [Theory]
    [InlineData("--colour", "'--colour' is not a valid option")]
    [InlineData("--queue", "Required argument missing for option: '--queue'")]
    [InlineData("--no-restore=maybe", "'maybe' is not a valid option")]
    [InlineData("--name=a/b", "Name cannot contain any of the following characters")]
    public async Task Option_Wrong_IsNamed(string option, string error)
    {
        var folder = templates.Folder.EmptyFolder();

        var result = await templates.Folder.RunAsync(folder, "reworker", option);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(error, result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task Folder_ThatHasAStepAlready_IsLeftAsItIs()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        var worker = scaffold.At("src", "MyStep", "MyStepWorker.cs");
        await File.WriteAllTextAsync(worker, "// mine", TestContext.Current.CancellationToken);
        var before = Tree.Bytes(scaffold.Folder);

        var result = await templates.Folder.RunAsync(Path.GetDirectoryName(scaffold.Folder)!, "reworker", "-n", "MyStep", "--no-restore");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Overwrite   ./src/MyStep/MyStepWorker.cs", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    public async Task Folder_ThatHasOtherFiles_KeepsThem()
    {
        var folder = templates.Folder.EmptyFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "mine", TestContext.Current.CancellationToken);

        (await templates.Folder.RunAsync(folder, "reworker", "-n", "MyStep", "-o", ".", "--no-restore")).Succeeded();

        Assert.True(File.Exists(Path.Combine(folder, "MyStep.slnx")));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(folder, "notes.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Sdk_TooOld_IsToldWhichIsNeeded()
    {
        var clone = templates.Clone();
        var template = Path.Combine(clone, ".template.config", "template.json");
        await File.WriteAllTextAsync(
            template, (await File.ReadAllTextAsync(template, TestContext.Current.CancellationToken)).Replace("[10.0.100,)", "[99.0.100,)", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var hive = await templates.InstallAsync(clone);
        var result = await hive.RunAsync(hive.EmptyFolder(), "reworker", "-n", "MyStep");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Supported version(s): [99.0.100, )", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_OutOfReach_SaysWhatToDoLater()
    {
        var folder = templates.Folder.EmptyFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "nuget.config"),
            """<configuration><packageSources><clear /><add key="none" value="nowhere" /></packageSources></configuration>""",
            TestContext.Current.CancellationToken);
        var noCache = new Dictionary<string, string> { ["NUGET_PACKAGES"] = templates.Folder.EmptyFolder() };

        var result = await templates.Folder.RunAsync(folder, noCache, "reworker", "-n", "MyStep");

        Assert.Contains("run 'dotnet restore' in the project's folder", result.Output, StringComparison.Ordinal);
        Assert.Contains("docker compose up -d", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "MyStep", "MyStep.slnx")));
    }
}
