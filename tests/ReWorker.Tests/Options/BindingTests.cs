using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>Where the broker's address comes from, whatever is in a password.</summary>
public sealed class BindingTests(PikaBus bus) : ContractTest(bus)
{
    [Theory]
    [InlineData("amqp://host", "host", 5672, "guest", "guest", "/", false)]
    [InlineData("amqp://host/", "host", 5672, "guest", "guest", "/", false)]
    [InlineData("amqps://host", "host", 5671, "guest", "guest", "/", true)]
    [InlineData("amqp://u:p@host:99/v", "host", 99, "u", "p", "v", false)]
    [InlineData("amqp://u:p%40ss%2Fw%3Ard%25@host/%2F", "host", 5672, "u", "p@ss/w:rd%", "/", false)]
    [InlineData("amqp://us%3Aer:p:w@host/a%2Fb", "host", 5672, "us:er", "p:w", "a/b", false)]
    [InlineData("amqp://u:p+%2B@host/v", "host", 5672, "u", "p++", "v", false)]
    [InlineData("amqp://u:%C3%BC@host.example/v", "host.example", 5672, "u", "ü", "v", false)]
    [InlineData("amqp://[::1]:1234/", "::1", 1234, "guest", "guest", "/", false)]
    [InlineData("amqp://u:@host", "host", 5672, "u", "", "/", false)]
    public void Apply_AmqpUri_IsReadAsTheSpecificationSays(
        string uri, string host, int port, string user, string password, string vhost, bool tls)
    {
        var factory = new ConnectionFactory();

        BrokerUri.Apply(uri, factory);

        Assert.Equal((host, port, tls), (factory.HostName, factory.Port, factory.Ssl.Enabled));
        Assert.Equal((user, password, vhost), (factory.UserName, factory.Password, factory.VirtualHost));
    }

    [Fact, Contract("Python / runner")]
    public async Task Password_WithAtAndSlash_WorksInUriAndKeysAndMqConfig()
    {
        const string password = "p@ss/w:rd%#? ü";
        var (user, vhost) = ($"user-{Guid.NewGuid():n}", "/");
        await Bus.AddUserAsync(user, password);
        var file = Path.GetTempFileName();
        var (host, port) = (Bus.Amqp.Host, Bus.Amqp.Port);
        await File.WriteAllTextAsync(file, $$"""
            {"user":"{{user}}","password":"{{password}}","server":"{{host}}","port":{{port}},"vhost":"{{vhost}}"}
            """, Cancel);

        (string, string)[][] ways =
        [
            [("ConnectionStrings:rabbitmq", $"amqp://{user}:{Uri.EscapeDataString(password)}@{host}:{port}/%2F")],
            [
                ("ConnectionStrings:rabbitmq", ""), ("Broker:Server", host), ("Broker:Port", $"{port}"),
                ("Broker:User", user), ("Broker:Password", password),
            ],
            [.. MqConfig.Read(file).Select(one => one[2..].Split('=', 2)).Select(one => (one[0], one[1]))],
        ];
        foreach (var way in ways)
        {
            await using var worker = await StartAsync(_ => null, way);
            Assert.Contains($"amqp://{user}@{Bus.Amqp.Host}", worker.Logs.WithId(40)[0].Message, StringComparison.Ordinal);
            Assert.DoesNotContain(worker.Logs.All, one => one.Message.Contains("p@ss", StringComparison.Ordinal));
        }

        File.Delete(file);
        await Bus.RunRabbitmqctlAsync("delete_user", user);
    }

    [Fact, Contract("Python / runner")]
    public void MqConfig_WithoutPortAndSsl_HasThePythonRunnersDefaults()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{"user":"u","password":"p=1 2","server":"s","vhost":"v"}""");

        var plain = Source([.. MqConfig.Read(file)]).Check();
        File.WriteAllText(file, """{"user":"u","password":"p","server":"s","vhost":"v","ssl":true}""");
        var tls = Source([.. MqConfig.Read(file)]).Check();
        File.Delete(file);

        Assert.Equal(("amqp://u@s:5672/v", "amqps://u@s:5671/v"), (plain, tls));
    }

    [Fact, Contract("Python / runner"), Contract("Python / self._config"), Contract("Python / output")]
    public async Task WorkerConfig_QueueAndOutputLevel_MeanWhatTheyMeantInPython()
    {
        var file = Path.GetTempFileName();
        var queue = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        var config = $$"""{"queue":"{{queue}}","OUTPUT_LEVEL":"ERROR","mine":{"deep":[1,2]} }""";
        await File.WriteAllTextAsync(file, config, Cancel);
        var settings = WorkerConfig.Read(file)
            .Select(one => one[2..].Split('=', 2))
            .Select(one => (one[0], one[1]))
            .ToArray();
        File.Delete(file);
        await using var worker = await RunningWorker.StartAsync(Bus, new Frob((self, job, _) =>
        {
            job.Output.Log(Microsoft.Extensions.Logging.LogLevel.Warning, default, "no", null, (text, _) => text);
            job.Output.Log(Microsoft.Extensions.Logging.LogLevel.Error, default, "yes", null, (text, _) => text);
            return Task.FromResult<object?>(self.Settings["mine:deep:1"]);
        }), Cancel, settings);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(queue, "{}", Cancel);

        Assert.Equal("2", all[^1].Data.GetString());
        Assert.Equal(["yes"], all.Where(one => one.IsOutput).Select(one => one.Line));
    }

    [Fact]
    public void Secrets_AsFiles_ComeBeforeEverythingButTheCommandLine()
    {
        var folder = Directory.CreateTempSubdirectory();
        File.WriteAllText(Path.Combine(folder.FullName, "Broker__Password"), "from a file\n");
        File.WriteAllText(Path.Combine(folder.FullName, "Broker__User"), "filed");
        var configuration = new ConfigurationManager();
        configuration
            .AddInMemoryCollection([new("Broker:Password", "from elsewhere"), new("Broker:Server", "s")])
            .AddCommandLine(["--Broker:User=typed"]);

        WorkerHost.AddSecrets(configuration, folder.FullName);

        Assert.Equal(
            ("from a file", "typed", "s"),
            (configuration["Broker:Password"], configuration["Broker:User"], configuration["Broker:Server"]));
        File.WriteAllText(Path.Combine(folder.FullName, "Broker__Password"), "rotated");
        ((IConfigurationRoot)configuration).Reload();
        Assert.Equal("rotated", configuration["Broker:Password"]);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Password_ChangedAndRotated_IsUsedAtTheNextTry()
    {
        var user = $"user-{Guid.NewGuid():n}";
        await Bus.AddUserAsync(user, "first");
        var folder = Directory.CreateTempSubdirectory();
        var secret = Path.Combine(folder.FullName, "Broker__Password");
        await File.WriteAllTextAsync(secret, "first", Cancel);
        await using var wire = new TestWire(Bus.Amqp);
        await using var worker = await RunningWorker.StartAsync(Bus, host =>
        {
            WorkerHost.AddSecrets((ConfigurationManager)host.Configuration, folder.FullName);
            host.Services.AddSingleton(new Frob((_, _, _) => Nothing));
            host.AddWorker<FrobWorker>();
        }, Cancel,
            ("ConnectionStrings:rabbitmq", ""), ("Broker:Server", "127.0.0.1"), ("Broker:Port", $"{wire.Amqp.Port}"),
            ("Broker:User", user));
        await using var session = await Bus.OpenAsync();

        await Bus.RunRabbitmqctlAsync("change_password", user, "second");
        wire.Cut();
        await UntilAsync(() => worker.Logs.WithId(42).Any(one => one.Message.Contains("rejected the user name or password", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(secret, "second", Cancel);
        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("completed", all[^1].Status);
        folder.Delete(recursive: true);
        await worker.StopAsync();
        await Bus.RunRabbitmqctlAsync("delete_user", user);
    }

    private static ConnectionSource Source(string[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddCommandLine(settings).Build());
        services.AddConnectionSource();
        return services.BuildServiceProvider().GetRequiredService<ConnectionSource>();
    }
}
