using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>Every name that <c>dotnet new</c> accepts becomes four names that are valid where they are used.</summary>
public sealed partial class NameTests(InstalledTemplates templates)
{
    private const string SixtyLetters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh";

    /// <summary>The name as given, and the project, namespace, class and service that it becomes.</summary>
    public static TheoryData<string, string, string, string, string> Names => new()
    {
        { "MyStep", "MyStep", "MyStep", "MyStep", "mystep" },
        { "my-step", "my-step", "my_step", "MyStep", "my-step" },
        { "my_step", "my_step", "my_step", "MyStep", "my-step" },
        { "Acme.Billing.Step", "Acme.Billing.Step", "Acme.Billing.Step", "AcmeBillingStep", "acme-billing-step" },
        { "9lives", "9lives", "_9lives", "_9Lives", "9lives" },
        { "a", "a", "a", "A", "a" },
        { "HTTPProbe", "HTTPProbe", "HTTPProbe", "HTTPProbe", "httpprobe" },
        { SixtyLetters, SixtyLetters, SixtyLetters, "A" + SixtyLetters[1..], SixtyLetters },

        // letters that are not ASCII
        { "Ünïcode", "Ünïcode", "Ünïcode", "Ünïcode", "unicode" },
        { "日本", "日本", "日本", "日本", "step" },
        { "हिन्दी", "हिन्दी", "हिन्दी", "हिन्दी", "step" },

        // not identifiers
        { "class", "class", "class_", "Class", "class" },
        { "Acme.class.9x", "Acme.class.9x", "Acme.class_._9x", "AcmeClass9X", "acme-class-9x" },
        { "_", "_", "__", "Step", "step" },
        { "42", "42", "_42", "_42", "42-step" },

        // not file names, or not accepted by every tool
        { "A..B", "A.B", "A.B", "AB", "a-b" },
        { "My Step", "My-Step", "My_Step", "MyStep", "my-step" },
        { "R&D", "R-D", "R_D", "RD", "r-d" },
        { "O'Brien", "O-Brien", "O_Brien", "OBrien", "o-brien" },
        { "100%", "100", "_100", "_100", "100-step" },
        { ".hidden", "hidden", "hidden", "Hidden", "hidden" },
        { "!!!", "MyStep", "MyStep", "MyStep", "mystep" },
        { "CON", "CON-Step", "CON_Step", "CONStep", "con-step" },
        { "aux.Step", "aux-Step.Step", "aux_Step.Step", "AuxStepStep", "aux-step-step" },
        { "bin", "bin.Step", "bin.Step", "BinStep", "bin-step" },

        // used by .NET, by a package or by the runtime
        { "ReWorker", "ReWorker.Step", "ReWorker.Step", "ReWorkerStep", "reworker-step" },
        {
            "RabbitMQ.Client", "RabbitMQ.Client.Step", "RabbitMQ.Client.Step", "RabbitMQClientStep",
            "rabbitmq-client-step"
        },
        { "System", "System.Step", "System.Step", "SystemStep", "system-step" },
        {
            "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Hosting.Step", "Microsoft.Extensions.Hosting.Step",
            "MicrosoftExtensionsHostingStep", "microsoft-extensions-hosting-step"
        },
        { "Microsoft.Billing", "Microsoft.Billing", "Microsoft.Billing", "MicrosoftBilling", "microsoft-billing" },
        { "Acme.System", "Acme.System", "Acme.System_", "AcmeSystem", "acme-system" },

        // would hide a type that the step uses
        { "Worker", "Worker", "Worker_", "Worker", "worker" },
        { "Acme.Task", "Acme.Task", "Acme.Task_", "AcmeTask", "acme-task" },

        // the name of another compose service, or not a string in YAML
        { "RabbitMQ", "RabbitMQ", "RabbitMQ", "RabbitMQ", "rabbitmq-step" },
        { "Output", "Output", "Output", "Output", "output-step" },
        { "Prometheus", "Prometheus", "Prometheus", "Prometheus", "prometheus-step" },
        { "true", "true", "true_", "True", "true-step" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Name_Given_BecomesValidNames(
        string name, string project, string @namespace, string @class, string service)
    {
        var scaffold = await templates.Folder.NewAsync(name);

        Assert.Equal(
            (project, @namespace, @class, service),
            (scaffold.Project, scaffold.Namespace, scaffold.Class, scaffold.Service));
        Assert.Equal(service, scaffold.Queue);
        Assert.Contains($"\nname: {service} ", scaffold.Read("docker-compose.yml"), StringComparison.Ordinal);
        Assert.Matches(Identifiers(), scaffold.Namespace);
        Assert.Matches(Identifiers(), scaffold.Class);
        Assert.Matches("^[a-z0-9][a-z0-9-]{0,62}$", scaffold.Service);
        Assert.True(File.Exists(scaffold.At("tests", $"{project}.Tests", $"{project}.Tests.csproj")));
        var note = $"the project is called {project}.";
        Assert.Equal(name != project, scaffold.Printed.Contains(note, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(120, 'a', 100)]
    [InlineData(80, '日', 64)]
    public async Task Name_TooLong_IsTruncated(int length, char letter, int kept)
    {
        var scaffold = await templates.Folder.NewAsync(new string(letter, length));

        Assert.Equal(new string(letter, kept), scaffold.Project);
        Assert.InRange(scaffold.Service.Length, 1, 63);
    }

    [Fact]
    public async Task Name_OfAParentFolder_StaysInTheOutputFolder()
    {
        var folder = templates.Folder.EmptyFolder();

        var result = await templates.Folder.RunAsync(folder, "reworker", "-n", "..", "-o", "inside", "--no-restore");

        Assert.True(File.Exists(Path.Combine(folder, "inside", "MyStep.slnx")), result.Output);
        Assert.Equal(["inside"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Name_NotGiven_IsTheFoldersName()
    {
        var folder = Directory.CreateDirectory(Path.Combine(templates.Folder.EmptyFolder(), "my-step")).FullName;

        (await templates.Folder.RunAsync(folder, "reworker", "--no-restore")).Succeeded();

        Assert.Equal("MyStep", new Scaffold(folder, "").Class);
    }

    /// <summary>A project named like an assembly or package that it references hides it or can't be restored.</summary>
    [Fact]
    public void Names_OfTheFrameworkAndItsPackages_GetASuffix()
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var frameworks = Path.GetFullPath(Path.Combine(runtime, "..", ".."));
        var assemblies = Directory.EnumerateFiles(frameworks, "*.dll", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)!);
        var packages = PackageVersions().Matches(File.ReadAllText(Repository.At("Directory.Packages.props")))
            .Select(match => match.Groups[1].Value);

        var missing = assemblies.Concat(packages).Where(name => !Forms.Pattern("taken").IsMatch(name));

        Assert.Empty(missing);
    }

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{Mn}\p{Mc}\p{Nd}_]*(\.[\p{L}_][\p{L}\p{Mn}\p{Mc}\p{Nd}_]*)*$")]
    private static partial Regex Identifiers();

    [GeneratedRegex(@"<PackageVersion Include=""([^""]+)""")]
    private static partial Regex PackageVersions();
}
