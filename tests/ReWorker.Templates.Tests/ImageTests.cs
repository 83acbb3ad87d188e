namespace ReWorker.Templates.Tests;

/// <summary>Scaffolds run in Docker: the image builds, the compose file starts, and jobs complete.</summary>
[Trait("Category", "Scaffold")]
public sealed class ImageTests(InstalledTemplates templates)
{
    private static readonly string[] OddNames =
        ["日本", "9lives", "A..B", "R&D", "O'Brien", "class", "42", "My Step"];

    /// <summary>One odd name, or with REWORKER_ALL_NAMES=1 all of them. WorkflowTests has ordinary names.</summary>
    public static TheoryData<string, string> Names =>
    [
        .. OddNames.Take(IsSet("REWORKER_ALL_NAMES") ? OddNames.Length : 1).Select(name => (name, "")),
        .. IsSet("REWORKER_ALL_OPTIONS") ? new[] { ("Acme.日本", "--aot --queue billing") } : [],
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Image_OfAScaffoldWithAnOddName_RunsAJob(string name, string options)
    {
        Engine.SkipUnlessAvailable();
        var arguments = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var scaffold = await templates.Package.NewAsync(name, arguments);
        var environment = Engine.UniqueEnvironment();
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();
        await templates.Package.AddAsync(scaffold, "reworker-step", "-n", "Rollback", "-o", $"src/{scaffold.Project}");

        try
        {
            await RunAsync("docker compose up --detach --build --wait --quiet-pull");
            foreach (var queue in new[] { scaffold.Queue, "rollback" })
            {
                var printed = await RunAsync(
                    $"docker compose run --rm -T {scaffold.Service} submit --queue {queue} --parameter service=frobd "
                    + "--host a.example.com --dynamic environment=dev --timeout 60s");

                Assert.Contains("completed", printed, StringComparison.Ordinal);
            }
        }
        finally
        {
            await RunAsync("docker compose down --volumes; docker image rm $STEP_IMAGE");
        }

        async Task<string> RunAsync(string script) =>
            (await Shell.RunAsync(scaffold.Folder, environment, script)).Succeeded().Output;
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) == "1";
}
