namespace ReWorker.Templates.Tests;

/// <summary>Combinations of options. Every pair of values of two options occurs in at least one row.</summary>
[Trait("Category", "Scaffold")]
public sealed class OptionTests(InstalledTemplates templates)
{
    /// <summary>If set to 1, every row is built and tested instead of only the sample.</summary>
    private const string AllOptions = "REWORKER_ALL_OPTIONS";

    private static readonly string[] Switches =
        ["--queue billing", "--broker-image rabbitmq:4.0", "--aot", "--no-tests", "--kubernetes"];

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

    /// <summary>The row that differs most from the default. Other tests build the default.</summary>
    private static readonly string[] Sample = [Rows[1]];

    public static TheoryData<string> Everything =>
        ["--ci gitlab --queue billing --broker-image rabbitmq:4.0 --aot --kubernetes", .. Rows];

    public static TheoryData<string> Built =>
        Environment.GetEnvironmentVariable(AllOptions) == "1" ? [.. Rows] : [.. Sample];

    [Fact]
    public void Rows_Together_HaveEveryPairOfValues()
    {
        string[][] options =
        [
            [.. Workflows.Select(workflow => $"--ci {workflow}")],
            .. Switches.Select(option => new[] { option, $"not {option}" }),
        ];

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
    public async Task Options_Combined_BuildAndPassTheirTests(string options)
    {
        var source = Array.IndexOf(Rows, options) % 2 == 0 ? templates.Folder : templates.Package;
        var scaffold = await source.NewAsync("my-step", options.Split(' '));

        (await DotNet.RunAsync(scaffold.Folder, "build")).Succeeded();

        if (!options.Contains("--no-tests", StringComparison.Ordinal))
        {
            var tests = await DotNet.RunAsync(
                scaffold.Folder, "test", "--no-build", "--filter-not-trait", "Category=Chaos");
            Assert.Contains("failed: 0", tests.Succeeded().Output, StringComparison.Ordinal);
        }

        Directory.Delete(scaffold.Folder, recursive: true);
    }

    [Theory]
    [InlineData("rabbitmq:3.13", "rabbitmq:3.13")]
    [InlineData("registry.example.com:5000/rabbitmq@sha256:00ff", "registry.example.com:5000/rabbitmq@sha256:00ff")]
    [InlineData("\"rabbitmq\"; x", "rabbitmqx")]
    [InlineData(" ", "rabbitmq:4-management")]
    public async Task BrokerImage_Given_BecomesAValidName(string given, string valid)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--broker-image", given, "--kubernetes");

        Assert.Contains($"image: {valid}\n", scaffold.Read("docker-compose.yml"), StringComparison.Ordinal);
        Assert.Contains($"image: {valid}\n", scaffold.Read("kubernetes", "rabbitmq.yaml"), StringComparison.Ordinal);
        var broker = scaffold.Read("tests", "MyStep.Tests", "Broker", "ContainerBroker.cs");
        Assert.Contains($"\"{valid}\"", broker, StringComparison.Ordinal);
        const string note = "docker-compose.yml shows the broker image";
        Assert.Equal(given != valid, scaffold.Printed.Contains(note, StringComparison.Ordinal));
    }

    /// <summary>A changed name is printed, because whoever sends the jobs would use the name as given.</summary>
    [Theory]
    [InlineData("billing.v2", "billing.v2")]
    [InlineData("a b", "a-b")]
    [InlineData("output", "output-step")]
    public async Task Queue_Given_BecomesAValidName(string given, string valid)
    {
        var scaffold = await templates.Folder.NewAsync("MyStep", "--queue", given);

        Assert.Equal(valid, scaffold.Queue);
        var note = $"jobs are taken from worker.{valid}. For another queue";
        Assert.Equal(given != valid, scaffold.Printed.Contains(note, StringComparison.Ordinal));
    }

    private static bool Has(string row, string option) =>
        option.StartsWith("not ", StringComparison.Ordinal)
            ? !row.Contains(option["not ".Length..], StringComparison.Ordinal)
            : row.Contains(option, StringComparison.Ordinal);
}
