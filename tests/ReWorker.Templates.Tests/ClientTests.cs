using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace ReWorker.Templates.Tests;

/// <summary>The client in a solution that is not a worker's: <c>dotnet new reworker-client</c>.</summary>
public sealed class ClientTests(InstalledTemplates templates)
{
    private const string Wire = "src/ReWorker/Wire/ReWorker.Wire.csproj";
    private const string Client = "src/ReWorker/Client/ReWorker.Client.csproj";

    private static readonly string[] Shared =
        [".gitattributes", "Directory.Build.props", "Directory.Packages.props", "MANIFEST", "README.md", "upgrade.sh"];

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_FromFolderAndFromPackage_IsContentByteForByte()
    {
        var files = Repository.Runtime()
            .Where(file => file.StartsWith("Wire/", StringComparison.Ordinal)
                || file.StartsWith("Client/", StringComparison.Ordinal)
                || Shared.Contains(file))
            .ToArray();

        foreach (var hive in new[] { templates.Folder, templates.Package })
        {
            var folder = hive.EmptyFolder();
            var said = (await hive.RunAsync(folder, "reworker-client")).Succeeded().Output;

            Assert.Equal(files.Select(file => $"src/ReWorker/{file}"), Tree.Files(folder));
            var copy = Path.Combine(folder, "src", "ReWorker");
            Assert.Equal(Hashes(Repository.At("content"), files), Hashes(copy, files));
            Assert.Contains($"dotnet sln add {Wire} {Client}\n", said, StringComparison.Ordinal);
            Assert.Contains($"dotnet add <your project> reference {Client}\n", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Client_InAScaffold_IsRefusedAndChangesNothing()
    {
        var scaffold = await templates.Folder.NewAsync("MyStep");
        var before = Tree.Bytes(scaffold.Folder);

        var result = await templates.Folder.RunAsync(scaffold.Folder, "reworker-client");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Overwrite   ./src/ReWorker/Client/JobClient.cs", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Tree.Bytes(scaffold.Folder));
    }

    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Web_WithTheClient_SendsAJobAndGetsItsResult()
    {
        await using var broker = await BrokerScript.StartAsync();
        await using var worker = await EchoWorker.StartAsync(broker.Amqp, "mystep");
        var folder = await NewSolutionAsync("web");
        await WriteAsync(folder, "src/Shop/Program.cs", """
            using System.Text.Json.Nodes;
            using ReWorker.Client;

            var builder = WebApplication.CreateBuilder(args);
            builder.AddJobClient();
            await using var app = builder.Build();
            app.MapGet("/frob/{service}", async (string service, JobClient client, CancellationToken cancel) =>
            {
                var job = new JobRequest
                {
                    Queue = "mystep",
                    Parameters = new JsonObject { ["service"] = service },
                    Timeout = TimeSpan.FromSeconds(30),
                };
                return (await client.RunAsync(job, cancel)).Data;
            });

            await app.StartAsync();
            using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
            Console.WriteLine($"got {await http.GetStringAsync("/frob/frobd")}");
            """);
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__rabbitmq"] = broker.Amqp.AbsoluteUri,
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
        };

        var run = await DotNet.RunAsync(folder, environment, "run", "--project", "src/Shop", "--no-launch-profile");

        Assert.Contains("""got {"service":"frobd"}""", run.Succeeded().Output, StringComparison.Ordinal);
        (await DotNet.RunAsync(folder, "build")).Succeeded();
    }

    /// <summary>The solution has its own central package management and settings, and is compiled natively.</summary>
    [Fact]
    [Trait("Category", "Scaffold")]
    public async Task Console_WithTheClient_HasNoOtherPackagesAndPublishesWithoutAWarning()
    {
        var folder = await NewSolutionAsync("console");
        await WriteAsync(folder, "Directory.Packages.props", """
            <Project>
              <PropertyGroup>
                <ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally>
              </PropertyGroup>
              <ItemGroup>
                <PackageVersion Include="RabbitMQ.Client" Version="7.0.0" />
              </ItemGroup>
            </Project>
            """);
        await WriteAsync(folder, "Directory.Build.props", """
            <Project>
              <PropertyGroup>
                <Nullable>disable</Nullable>
                <ImplicitUsings>disable</ImplicitUsings>
                <LangVersion>latest</LangVersion>
              </PropertyGroup>
            </Project>
            """);
        await WriteAsync(folder, "src/Shop/Program.cs", """
            using System;
            using System.Text.Json.Serialization;
            using ReWorker.Client;

            await using var client = new JobClient("amqp://127.0.0.1:1");
            var job = new JobRequest { Queue = "echo", Timeout = TimeSpan.FromMilliseconds(100) };
            try
            {
                await client.RunAsync<Echo>(job, ShopJson.Default);
            }
            catch (TimeoutException e)
            {
                Console.WriteLine(e.Message);
            }

            internal sealed record Echo(string Service);

            [JsonSerializable(typeof(Echo))]
            internal sealed partial class ShopJson : JsonSerializerContext;
            """);
        (await DotNet.RunAsync(folder, "restore")).Succeeded();

        var assetsFile = Path.Combine(folder, "src/Shop/obj/project.assets.json");
        var assets = JsonNode.Parse(await File.ReadAllTextAsync(assetsFile, _cancel))!;
        var packages = assets["libraries"]!.AsObject()
            .Where(library => (string?)library.Value!["type"] == "package")
            .Select(library => library.Key.Split('/')[0])
            .Where(name => !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));

        var rabbit = assets["targets"]!["net10.0"]!["RabbitMQ.Client/7.2.2"]!["dependencies"]!.AsObject();
        Assert.Equal(rabbit.Select(one => one.Key).Append("RabbitMQ.Client").Order(), packages.Order());

        Assert.SkipUnless(File.Exists("/usr/bin/clang") || File.Exists("/usr/bin/gcc"), "needs a C compiler to link");
        string[] publish = ["publish", "src/Shop", "-p:PublishAot=true", "-warnaserror", "-o", "native"];
        (await DotNet.RunAsync(folder, publish)).Succeeded();
        var run = await Shell.RunAsync(folder, new Dictionary<string, string>(), "native/Shop");
        Assert.StartsWith("no answer from worker.echo within 0.1 s: ", run.Output, StringComparison.Ordinal);
    }

    /// <summary>A solution with one project, and the client as its owner adds it.</summary>
    private async Task<string> NewSolutionAsync(string kind)
    {
        var folder = templates.Package.EmptyFolder();
        (await templates.Package.RunAsync(folder, "sln", "-n", "Shop")).Succeeded();
        (await templates.Package.RunAsync(folder, kind, "-o", "src/Shop", "--no-restore")).Succeeded();
        (await templates.Package.RunAsync(folder, "reworker-client")).Succeeded();
        (await DotNet.RunAsync(folder, "sln", "add", "src/Shop/Shop.csproj", Wire, Client)).Succeeded();
        (await DotNet.RunAsync(folder, "add", "src/Shop", "reference", Client)).Succeeded();
        return folder;
    }

    private Task WriteAsync(string folder, string file, string text) =>
        File.WriteAllTextAsync(Path.Combine(folder, file), text, _cancel);

    private static IEnumerable<string> Hashes(string folder, IEnumerable<string> files) =>
        files.Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file)))));
}
