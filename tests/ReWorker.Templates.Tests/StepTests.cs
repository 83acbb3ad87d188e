using ReWorker.Hosting;
using ReWorker.Tools.Hosting;

namespace ReWorker.Templates.Tests;

/// <summary><c>dotnet new reworker-step</c> adds a second step to a project.</summary>
public sealed class StepTests(InstalledTemplates templates)
{
    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Step_Added_IsRegisteredBuildsAndPassesItsTest()
    {
        var scaffold = await templates.Package.NewAsync("Acme.Billing-Step");
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();

        var printed = await templates.Package.AddAsync(
            scaffold, "reworker-step", "-n", "Rollback", "-o", "src/Acme.Billing-Step");

        Assert.Contains(
            "RollbackWorker takes its jobs from the queue worker.rollback", printed, StringComparison.Ordinal);
        var worker = scaffold.Read("src", "Acme.Billing-Step", "RollbackWorker.cs");
        Assert.Contains("namespace Acme.Billing_Step;", worker, StringComparison.Ordinal);
        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();
        var tests = await DotNet.RunAsync(
            scaffold.Folder, "test", "--no-build", "--", "--filter-class", "*.RollbackWorkerTests");
        Assert.Contains("failed: 0", tests.Succeeded().Output, StringComparison.Ordinal);

        // one invalid setting for each worker, so that the errors name both workers
        var invalid = await StartAsync(new()
        {
            ["Worker__RollbackWorker__Concurrency"] = "0",
            ["Worker__AcmeBillingStepWorker__Concurrency"] = "-1",
        });
        Assert.NotEqual(0, invalid.ExitCode);
        Assert.Contains("Worker:RollbackWorker:Concurrency is '0'", invalid.Output, StringComparison.Ordinal);
        Assert.Contains("Worker:AcmeBillingStepWorker:Concurrency is '-1'", invalid.Output, StringComparison.Ordinal);

        // Kestrel would take `http` for a host name and listen on port 80
        invalid = await StartAsync(new() { ["ASPNETCORE_HTTP_PORTS"] = "8080;http" });
        Assert.Equal(64, invalid.ExitCode);
        Assert.Equal(
            "ASPNETCORE_HTTP_PORTS is '8080;http'; allowed: 0 to 65535, separated by ';'", invalid.Output.Trim());
        Directory.Delete(scaffold.Folder, recursive: true);

        Task<CommandResult> StartAsync(Dictionary<string, string> environment) => Shell.RunAsync(
            scaffold.At("src", "Acme.Billing-Step", "bin", "Debug", "net10.0"), environment, "./Acme.Billing-Step");
    }

    [Theory]
    [InlineData("roll-back-Worker", "", "RollBack", "roll-back")]
    [InlineData("9lives", "--queue Billing.v2", "_9Lives", "Billing.v2")]
    [InlineData("Worker", "", "Worker", "worker")] // AddWorkerAttribute is the runtime's
    public async Task Step_WithAnOddName_GetsValidNames(string name, string options, string @class, string queue)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--no-tests");
        (await DotNet.RunAsync(scaffold.At("src", "MyStep"), "restore")).Succeeded();
        var settings = scaffold.At("src", "MyStep", "appsettings.json");
        const string edited = "{\n    // the owner's\n    \"Worker\": { \"Queue\": \"mystep\" },\n}\n";
        await File.WriteAllTextAsync(settings, edited, TestContext.Current.CancellationToken);
        var before = Tree.Bytes(scaffold.Folder);

        string[] arguments = ["-n", name, "-o", "src/MyStep", "--no-tests"];
        await templates.Folder.AddAsync(
            scaffold, "reworker-step",
            [.. arguments, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        var worker = scaffold.Read("src", "MyStep", $"{@class}Worker.cs");
        Assert.Contains(
            $"class {@class}Worker : Worker<{@class}Parameters, {@class}Result>", worker, StringComparison.Ordinal);
        Assert.Contains(
            $"host.AddWorker<{@class}Worker>({@class}Json.Default, \"{queue}\");", worker, StringComparison.Ordinal);
        Assert.Contains($"class Adds{@class}Attribute : AddWorkerAttribute", worker, StringComparison.Ordinal);
        // the owner's files are unchanged
        Assert.Superset(before.ToHashSet(), Tree.Bytes(scaffold.Folder).ToHashSet());
        Assert.False(Directory.Exists(scaffold.At("tests")));
    }

    [Theory]
    [InlineData(".", "No project was found")]
    [InlineData("src/ReWorker/Runtime", "needs project capability 'ReWorkerStep'")]
    [InlineData("src/MyStep", "is not restored. Run 'dotnet restore")]
    public async Task Step_OutsideAStepsProject_IsRejectedWithTheReason(string folder, string reason)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        if (folder == "src/ReWorker/Runtime") (await DotNet.RunAsync(scaffold.At(folder), "restore")).Succeeded();
        var before = Tree.Bytes(scaffold.Folder);

        var result = await templates.Folder.RunAsync(scaffold.Folder, "reworker-step", "-n", "Rollback", "-o", folder);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }
}
