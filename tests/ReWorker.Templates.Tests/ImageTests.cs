namespace ReWorker.Templates.Tests;

/// <summary>The scaffold's image and compose file, as <c>docker compose up</c> and a job see them.</summary>
[Trait("Category", "Scaffold")]
public sealed class ImageTests(InstalledTemplates templates)
{
    private static readonly string[] All = ["日本", "9lives", "A..B", "R&D", "O'Brien", "class", "42", "My Step"];

    /// <summary>The workflow's test has an ordinary name through the same steps; REWORKER_ALL_NAMES=1 does all the odd ones, which takes its time.</summary>
    public static TheoryData<string, string> Names =>
    [
        .. Environment.GetEnvironmentVariable("REWORKER_ALL_NAMES") == "1" ? All.Select(name => (name, "")) : [(All[0], "")],
        .. Environment.GetEnvironmentVariable("REWORKER_ALL_OPTIONS") == "1" ? new[] { ("Acme.日本", "--aot --queue billing") } : [],
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Image_OfAnyName_RunsAJob(string name, string options)
    {
        Engine.Needed();
        var scaffold = await templates.Package.NewAsync(name, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var environment = Engine.Apart();
        (await DotNet.RunAsync(scaffold.Folder, "restore")).Succeeded();
        await templates.Package.AddAsync(scaffold, "reworker-step", "-n", "Rollback", "-o", $"src/{scaffold.Project}");

        try
        {
            (await Shell.RunAsync(scaffold.Folder, environment, "docker compose up --detach --build --wait --quiet-pull")).Succeeded();
            foreach (var queue in new[] { scaffold.Queue, "rollback" })
            {
                var job = await Shell.RunAsync(
                    scaffold.Folder, environment, $"docker compose run --rm -T {scaffold.Service} submit --queue {queue} --parameter service=frobd --host a.example.com --dynamic environment=dev --timeout 60s");

                Assert.Contains("completed", job.Succeeded().Output, StringComparison.Ordinal);
            }
        }
        finally
        {
            (await Shell.RunAsync(scaffold.Folder, environment, "docker compose down --volumes; docker image rm $STEP_IMAGE")).Succeeded();
        }
    }
}
