using ReWorker.Hosting;
using ReWorker.Tools.Hosting;
namespace ReWorker.Templates.Tests;

/// <summary>A second step in a project: <c>dotnet new reworker-step</c>.</summary>
public sealed class StepTests(InstalledTemplates templates)
{
    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Step_Added_IsRegisteredBuildsAndPassesItsTest()
    {
        var scaffold = await templates.Package.NewAsync("Acme.Billing-Step");
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();

        var said = await templates.Package.AddAsync(scaffold, "reworker-step", "-n", "Rollback", "-o", "src/Acme.Billing-Step");

        Assert.Contains("RollbackWorker takes its jobs from the queue worker.rollback", said, StringComparison.Ordinal);
        Assert.Contains("namespace Acme.Billing_Step;", scaffold.Read("src", "Acme.Billing-Step", "RollbackWorker.cs"), StringComparison.Ordinal);
        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();
        Assert.Contains("failed: 0", (await DotNet.RunAsync(scaffold.Folder, "test", "--no-build", "--", "--filter-class", "*.RollbackWorkerTests")).Succeeded().Output, StringComparison.Ordinal);

        // settings that are wrong, one for each worker that there should be
        var nowhere = new Dictionary<string, string> { ["Worker__RollbackWorker__Concurrency"] = "0", ["Worker__AcmeBillingStepWorker__Concurrency"] = "-1" };
        var refused = await Shell.RunAsync(scaffold.At("src", "Acme.Billing-Step", "bin", "Debug", "net10.0"), nowhere, "./Acme.Billing-Step");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Worker:RollbackWorker:Concurrency is '0'", refused.Output, StringComparison.Ordinal);
        Assert.Contains("Worker:AcmeBillingStepWorker:Concurrency is '-1'", refused.Output, StringComparison.Ordinal);

        // the server would take it for a host's name, and serve port 80
        var noPort = new Dictionary<string, string> { ["ASPNETCORE_HTTP_PORTS"] = "8080;http" };
        refused = await Shell.RunAsync(scaffold.At("src", "Acme.Billing-Step", "bin", "Debug", "net10.0"), noPort, "./Acme.Billing-Step");
        Assert.Equal(64, refused.ExitCode);
        Assert.Equal("ASPNETCORE_HTTP_PORTS is '8080;http'; allowed: 0 to 65535, separated by ';'", refused.Output.Trim());
        Directory.Delete(scaffold.Folder, recursive: true);
    }

    [Theory]
    [InlineData("roll-back-Worker", "", "RollBack", "roll-back")]
    [InlineData("9lives", "--queue Billing.v2", "_9Lives", "Billing.v2")]
    [InlineData("Worker", "", "Worker", "worker")] // its attribute would have been the runtime's AddWorkerAttribute
    public async Task Step_OfAnyName_HasLegalOnes(string name, string options, string @class, string queue)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--no-tests");
        (await DotNet.RunAsync(scaffold.At("src", "MyStep"), "restore")).Succeeded();
        var settings = scaffold.At("src", "MyStep", "appsettings.json");
        await File.WriteAllTextAsync(settings, "{\n    // the owner's\n    \"Worker\": { \"Queue\": \"mystep\" },\n}\n", TestContext.Current.CancellationToken);
        var before = Tree.Bytes(scaffold.Folder);

        await templates.Folder.AddAsync(scaffold, "reworker-step", ["-n", name, "-o", "src/MyStep", "--no-tests", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Contains($"class {@class}Worker : Worker<{@class}Parameters, {@class}Result>", scaffold.Read("src", "MyStep", $"{@class}Worker.cs"), StringComparison.Ordinal);
        Assert.Contains($"host.AddWorker<{@class}Worker>({@class}Json.Default, \"{queue}\");", scaffold.Read("src", "MyStep", $"{@class}Worker.cs"), StringComparison.Ordinal);
        Assert.Superset(before.ToHashSet(), Tree.Bytes(scaffold.Folder).ToHashSet()); // nothing of the owner's is changed
        Assert.Contains($"class Adds{@class}Attribute : AddWorkerAttribute", scaffold.Read("src", "MyStep", $"{@class}Worker.cs"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(scaffold.At("tests")));
    }

    [Theory]
    [InlineData(".", "No project was found")]
    [InlineData("src/ReWorker", "needs project capability 'ReWorkerStep'")]
    [InlineData("src/MyStep", "is not restored. Run 'dotnet restore")]
    public async Task Step_Elsewhere_IsRefusedWithTheReason(string folder, string reason)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        if (folder == "src/ReWorker") (await DotNet.RunAsync(scaffold.At("src", "ReWorker"), "restore")).Succeeded();
        var before = Tree.Bytes(scaffold.Folder);

        var result = await templates.Folder.RunAsync(scaffold.Folder, "reworker-step", "-n", "Rollback", "-o", folder);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }
}
