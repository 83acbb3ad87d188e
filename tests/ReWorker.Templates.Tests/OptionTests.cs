namespace ReWorker.Templates.Tests;

/// <summary>What the options choose, together: any two values of any two options meet in one of the rows.</summary>
[Trait("Category", "Scaffold")]
public sealed class OptionTests(InstalledTemplates templates)
{
    /// <summary>Set to 1, every row is built and tested, not the sample alone.</summary>
    private const string AllOptions = "REWORKER_ALL_OPTIONS";

    private static readonly string[] Switches = ["--queue billing", "--broker-image rabbitmq:4.0", "--aot", "--no-tests", "--kubernetes"];

    private static readonly string[] Workflows = ["github", "gitlab", "none"];

    private static readonly string[] Rows =
    [
        "--ci github",
        "--ci github --queue billing --broker-image rabbitmq:4.0 --aot --no-tests --kubernetes",
        "--ci gitlab --aot --kubernetes",
        "--ci gitlab --queue billing --broker-image rabbitmq:4.0 --no-tests",
        "--ci none --broker-image rabbitmq:4.0 --no-tests --kubernetes",
        "--ci none --queue billing --aot",
        "--ci github --queue billing --no-tests",
        "--ci github --broker-image rabbitmq:4.0 --aot --kubernetes",
    ];

    /// <summary>What an ordinary run builds: the row that differs the most from the default, which other tests build.</summary>
    private static readonly string[] Sample = [Rows[1]];

    public static TheoryData<string> Everything => [.. Rows.Prepend("--ci gitlab --queue billing --broker-image rabbitmq:4.0 --aot --kubernetes")];

    public static TheoryData<string> Built => Environment.GetEnvironmentVariable(AllOptions) == "1" ? [.. Rows] : [.. Sample];

    [Fact]
    public void Rows_HaveEveryPair()
    {
        string[][] options = [[.. Workflows.Select(one => $"--ci {one}")], .. Switches.Select(one => new[] { one, $"not {one}" })];

        var missing =
            from first in options
            from second in options
            where first != second
            from a in first
            from b in second
            where !Rows.Any(row => Has(row, a) && Has(row, b))
            select $"{a} with {b}";

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Built))]
    public async Task Options_Together_BuildAndPassTheirTests(string options)
    {
        var source = Array.IndexOf(Rows, options) % 2 == 0 ? templates.Folder : templates.Package;
        var scaffold = await source.NewAsync("my-step", options.Split(' '));

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();

        if (!options.Contains("--no-tests", StringComparison.Ordinal))
        {
            Assert.Contains("failed: 0", (await DotNet.RunAsync(scaffold.Folder, "test", "--no-build", "--filter-not-trait", "Category=Chaos")).Succeeded().Output, StringComparison.Ordinal);
        }

        Directory.Delete(scaffold.Folder, recursive: true);
    }

    [Theory]
    [InlineData("rabbitmq:3.13", "rabbitmq:3.13")]
    [InlineData("registry.example.com:5000/rabbitmq@sha256:00ff", "registry.example.com:5000/rabbitmq@sha256:00ff")]
    [InlineData("\"rabbitmq\"; x", "rabbitmqx")]
    [InlineData(" ", "rabbitmq:4-management")]
    public async Task BrokerImage_Given_BecomesALegalOne(string given, string legal)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--broker-image", given, "--kubernetes");

        Assert.Contains($"image: {legal}\n", scaffold.Read("docker-compose.yml"), StringComparison.Ordinal);
        Assert.Contains($"image: {legal}\n", scaffold.Read("kubernetes", "rabbitmq.yaml"), StringComparison.Ordinal);
        Assert.Contains($"\"{legal}\"", scaffold.Read("tests", "MyStep.Tests", "Broker", "ContainerBroker.cs"), StringComparison.Ordinal);
        Assert.Equal(given != legal, scaffold.Said.Contains("docker-compose.yml shows the broker image", StringComparison.Ordinal));
    }

    /// <summary>What is changed is said: whoever sends the jobs would use the name as it was given.</summary>
    [Theory]
    [InlineData("billing.v2", "billing.v2")]
    [InlineData("a b", "a-b")]
    [InlineData("output", "output-step")]
    public async Task Queue_Given_BecomesALegalOne(string given, string legal)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--queue", given);

        Assert.Equal(legal, scaffold.Queue);
        Assert.Equal(given != legal, scaffold.Said.Contains($"jobs are taken from worker.{legal}. For another queue", StringComparison.Ordinal));
    }

    private static bool Has(string row, string option) =>
        option.StartsWith("not ", StringComparison.Ordinal) ? !row.Contains(option[4..], StringComparison.Ordinal) : row.Contains(option, StringComparison.Ordinal);
}
