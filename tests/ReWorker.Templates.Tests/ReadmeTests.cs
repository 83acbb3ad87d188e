using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>Runs the commands of both READMEs as a new user does, in an empty folder with a package source.</summary>
[Trait("Category", "Scaffold")]
public sealed partial class ReadmeTests(InstalledTemplates templates)
{
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly string[] Prefixes = [" started ", " │ ", " completed "];

    private static readonly string[] RootBlocks = ConsoleBlocks(File.ReadAllText(Repository.At("README.md")));

    [Fact]
    public async Task Readme_WithDocker_EachCommandWorksAsShown()
    {
        Engine.SkipUnlessAvailable();
        var (folder, environment) = NewUser();
        var project = Path.Combine(folder, "MyStep");

        try
        {
            var script = string.Join('\n', Commands(RootBlocks[0]));
            var printed = (await Shell.RunAsync(folder, environment, script)).Succeeded().Output;
            var submitted = printed[printed.IndexOf(" started ", StringComparison.Ordinal)..];
            Assert.Equal(Replies(RootBlocks[0]), Replies(submitted));

            var scaffoldBlocks = await ReadConsoleBlocksAsync(project);
            foreach (var command in Commands(scaffoldBlocks[0]).Concat(Commands(scaffoldBlocks[2])))
            {
                var (line, expected) = command switch
                {
                    // follows the log until it is stopped
                    _ when command.Contains(" logs -f ", StringComparison.Ordinal) => ($"timeout 5 {command}", 124),
                    _ when command.Contains("# a job that fails", StringComparison.Ordinal) => (command, 1),
                    _ => (command, 0),
                };
                var result = await Shell.RunAsync(project, environment, line);
                Assert.True(
                    result.ExitCode == expected,
                    $"{command}\nexited with code {result.ExitCode}:\n{result.Output}");
            }

            var logs = Directory.GetFiles(Path.Combine(project, "output"), "*.log").Select(File.ReadAllText);
            Assert.Contains(
                logs, log => log.Contains("Frobbing frobd on a.example.com", StringComparison.Ordinal));
        }
        finally
        {
            const string down = "docker compose --profile monitoring down --volumes; docker image rm $STEP_IMAGE";
            if (Directory.Exists(project)) (await Shell.RunAsync(project, environment, down)).Succeeded();
        }
    }

    [Fact]
    public async Task Readme_WithoutDocker_EachCommandWorksAsShown()
    {
        Assert.SkipUnless(File.Exists(Server), "needs Debian's rabbitmq-server");
        var (folder, environment) = NewUser();
        var project = Path.Combine(folder, "MyStep");
        var scaffolding = Commands(RootBlocks[0])
            .TakeWhile(command => !command.StartsWith("docker", StringComparison.Ordinal));
        (await Shell.RunAsync(folder, environment, string.Join('\n', scaffolding))).Succeeded();
        var scaffoldBlocks = await ReadConsoleBlocksAsync(project);
        Assert.Equal(
            Commands(RootBlocks[1]).Select(WithoutComment), Commands(scaffoldBlocks[1]).Select(WithoutComment));

        // broker.sh opens a shell, so the commands after it become that shell's input
        var commands = Commands(RootBlocks[1]);
        var at = Array.FindIndex(commands, command => command.StartsWith("./broker.sh", StringComparison.Ordinal));
        string[] lines =
        [
            .. commands[..at], $"{WithoutComment(commands[at])} <<'TYPED'", "set -e", .. commands[(at + 1)..], "TYPED",
        ];
        var result = (await Shell.RunAsync(project, environment, string.Join('\n', lines))).Succeeded();

        Assert.Contains(Replies(RootBlocks[0]), Replies(result.Output), StringComparison.Ordinal);
    }

    /// <summary>The folder and the environment of a user who has a package source, but no templates yet.</summary>
    private (string Folder, Dictionary<string, string> Environment) NewUser()
    {
        var folder = templates.Package.EmptyFolder();
        var source = Path.GetDirectoryName(templates.PackageFile);
        File.WriteAllText(
            Path.Combine(folder, "NuGet.config"),
            $"""
            <configuration><packageSources><add key="here" value="{source}" /></packageSources></configuration>
            """);
        var environment = Engine.UniqueEnvironment();
        environment["DOTNET_CLI_HOME"] = Directory.CreateDirectory(Path.Combine(folder, ".home")).FullName;
        environment["PROMETHEUS_PORT"] = "0";
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        return (folder, environment);
    }

    private static async Task<string[]> ReadConsoleBlocksAsync(string project) =>
        ConsoleBlocks(await File.ReadAllTextAsync(
            Path.Combine(project, "README.md"), TestContext.Current.CancellationToken));

    private static string[] ConsoleBlocks(string page) =>
        [.. Console().Matches(page).Select(block => block.Groups[1].Value)];

    private static string[] Commands(string block) =>
        [.. block.Split('\n').Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..])];

    private static string WithoutComment(string command) => Comment().Replace(command, "");

    /// <summary>The replies that submit prints, without the job's id and its duration.</summary>
    private static string Replies(string text) => string.Join(
        '\n',
        text.Split('\n')
            .Where(line => Prefixes.Any(prefix => line.StartsWith(prefix, StringComparison.Ordinal)))
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
