using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>What the two READMEs tell a person to type, typed: in an empty folder, with a package source and nothing else.</summary>
[Trait("Category", "Scaffold")]
public sealed partial class ReadmeTests(InstalledTemplates templates)
{
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly string[] Ours = Consoles(File.ReadAllText(Repository.At("README.md")));

    [Fact]
    public async Task WithDocker_EachCommandDoesWhatIsPromised()
    {
        Engine.Needed();
        var (folder, environment) = Person();
        var project = Path.Combine(folder, "MyStep");

        try
        {
            var first = (await Shell.RunAsync(folder, environment, Script(Ours[0]))).Succeeded();
            Assert.Equal(Told(Ours[0]), Told(first.Output[first.Output.IndexOf(" started ", StringComparison.Ordinal)..]));

            var theirs = Consoles(await File.ReadAllTextAsync(Path.Combine(project, "README.md"), TestContext.Current.CancellationToken));
            foreach (var command in Commands(theirs[0]).Concat(Commands(theirs[2])))
            {
                var (script, expected) = command switch
                {
                    _ when command.Contains(" logs -f ", StringComparison.Ordinal) => ($"timeout 5 {command}", 124), // it follows until it is told to stop
                    _ when command.Contains("# a job that fails", StringComparison.Ordinal) => (command, 1),
                    _ => (command, 0),
                };
                var result = await Shell.RunAsync(project, environment, script);
                Assert.True(result.ExitCode == expected, $"{command}\nended with {result.ExitCode}:\n{result.Output}");
            }

            Assert.Contains(Directory.GetFiles(Path.Combine(project, "output"), "*.log"), file => File.ReadAllText(file).Contains("Frobbing frobd on a.example.com", StringComparison.Ordinal));
        }
        finally
        {
            if (Directory.Exists(project)) (await Shell.RunAsync(project, environment, "docker compose --profile monitoring down --volumes; docker image rm $STEP_IMAGE")).Succeeded();
        }
    }

    [Fact]
    public async Task WithoutDocker_EachCommandDoesWhatIsPromised()
    {
        Assert.SkipUnless(File.Exists(Server), "needs the distribution's rabbitmq-server");
        var (folder, environment) = Person();
        (await Shell.RunAsync(folder, environment, string.Join('\n', Commands(Ours[0]).TakeWhile(command => !command.StartsWith("docker", StringComparison.Ordinal))))).Succeeded();
        var theirs = Consoles(await File.ReadAllTextAsync(Path.Combine(folder, "MyStep", "README.md"), TestContext.Current.CancellationToken));
        Assert.Equal(Commands(Ours[1]).Select(Bare), Commands(theirs[1]).Select(Bare));

        // what is typed after broker.sh is typed into its shell
        var commands = Commands(Ours[1]);
        var at = Array.FindIndex(commands, command => command.StartsWith("./broker.sh", StringComparison.Ordinal));
        var script = $"{string.Join('\n', commands[..at])}\n{Bare(commands[at])} <<'TYPED'\nset -e\n{string.Join('\n', commands[(at + 1)..])}\nTYPED";
        var result = (await Shell.RunAsync(Path.Combine(folder, "MyStep"), environment, script)).Succeeded();

        Assert.Contains(Told(Ours[0]), Told(result.Output), StringComparison.Ordinal);
    }

    /// <summary>Somebody who has a package source, and no templates yet.</summary>
    private (string Folder, Dictionary<string, string> Environment) Person()
    {
        var folder = templates.Package.EmptyFolder();
        File.WriteAllText(
            Path.Combine(folder, "NuGet.config"),
            $"""<configuration><packageSources><add key="here" value="{Path.GetDirectoryName(templates.PackageFile)}" /></packageSources></configuration>""");
        var environment = Engine.Apart();
        environment["DOTNET_CLI_HOME"] = Directory.CreateDirectory(Path.Combine(folder, ".home")).FullName;
        environment["PROMETHEUS_PORT"] = "0";
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        return (folder, environment);
    }

    private static string[] Consoles(string page) => [.. Console().Matches(page).Select(one => one.Groups[1].Value)];

    private static string[] Commands(string block) =>
        [.. block.Split('\n').Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..])];

    private static string Script(string block) => string.Join('\n', Commands(block));

    private static string Bare(string command) => Comment().Replace(command, "");

    /// <summary>What the requester is told, whatever the job's id and the time that it took.</summary>
    private static string Told(string text) => string.Join(
        '\n',
        text.Split('\n')
            .Where(line => line.StartsWith(" started ", StringComparison.Ordinal) || line.StartsWith(" │ ", StringComparison.Ordinal) || line.StartsWith(" completed ", StringComparison.Ordinal))
            .Select(line => Seconds().Replace(Id().Replace(line, "job ID"), "N s")));

    [GeneratedRegex(@"```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Console();

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("job [0-9A-Z]{26}")]
    private static partial Regex Id();

    [GeneratedRegex(@"(?<=completed +)\d+\.\d s")]
    private static partial Regex Seconds();
}
