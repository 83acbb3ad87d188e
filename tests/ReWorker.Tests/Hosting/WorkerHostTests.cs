using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using ReWorker.Client;
using ReWorker.Hosting;
using ReWorker.Supervision;
using ReWorker.Tests.CommandLine;
using ReWorker.Tests.Contract;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Hosting;

/// <summary>How the processes of the verbs are built: configuration, ports, logging, telemetry and endpoints.</summary>
public sealed class WorkerHostTests
{
    private const string NoBroker = "--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Build_NoEndpointsGiven_ServesHealthAndMetricsOnLoopback()
    {
        await using var app = Build(AddFrob);
        await app.StartAsync(Cancel);
        using var http = new HttpClient { BaseAddress = new Uri(Assert.Single(app.Urls)) };

        var live = await http.GetAsync(new Uri("/health/live", UriKind.Relative), Cancel);
        var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Cancel);
        var metrics = await http.GetAsync(new Uri("/metrics", UriKind.Relative), Cancel);
        await app.StopAsync(Cancel);

        Assert.Equal("127.0.0.1", http.BaseAddress.Host);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live.StatusCode, ready.StatusCode));
        Assert.DoesNotContain("\"connection\"", await live.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Contains("\"connection\"", await ready.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var text = await metrics.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("\nreworker_", text, StringComparison.Ordinal);
        Assert.Contains("\ndotnet_", text, StringComparison.Ordinal);
        Assert.Contains("service_name=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_EndpointsGiven_MapsOnlyThem()
    {
        await using var app = WorkerHost.Build(
            [NoBroker], 0, AddFrob, endpoints => endpoints.MapGet("/own", () => "mine"));
        await app.StartAsync(Cancel);
        using var http = new HttpClient { BaseAddress = new Uri(Assert.Single(app.Urls)) };

        var own = await http.GetStringAsync(new Uri("/own", UriKind.Relative), Cancel);
        var live = await http.GetAsync(new Uri("/health/live", UriKind.Relative), Cancel);
        await app.StopAsync(Cancel);

        Assert.Equal(("mine", HttpStatusCode.NotFound), (own, live.StatusCode));
    }

    [Theory]
    [InlineData("http://127.0.0.1:4321")]
    [InlineData("http://127.0.0.1:4321", "--http_ports=")]
    [InlineData("http://x:1", "--urls=http://x:1")]
    [InlineData(null, "--http_ports=1")]
    [InlineData(null, "--http_ports=1; 65535;")]
    public void Build_ConfiguredPort_ReplacesTheDefault(string? expected, params string[] args)
    {
        using var app = WorkerHost.Build([NoBroker, .. args], 4321, AddFrob);

        Assert.Equal(expected, app.Configuration["urls"]);
    }

    [Theory]
    [InlineData("65536")]
    [InlineData("80;x")]
    [InlineData("-1")]
    public void Build_InvalidPort_NamesTheVariable(string ports)
    {
        var error = Assert.Throws<UsageException>(() => Build(AddFrob, $"--http_ports={ports}"));

        Assert.Equal($"ASPNETCORE_HTTP_PORTS is '{ports}'; allowed: 0 to 65535, separated by ';'", error.Message);
    }

    [Fact]
    public async Task Build_SeveralInvalidSettings_ReportsAllOfThemBeforeTheStart()
    {
        var call = await Call.Async(
            "output", "--Broker:Port=0", "--Worker:MaxAttempts=0", "--OutputWorker:MaxOpenFiles=0", NoBroker);

        Assert.Equal(64, call.Code);
        Assert.StartsWith("invalid configuration: ", call.Error, StringComparison.Ordinal);
        Assert.All(
            ["Broker:Port is '0'", "OutputWorker:MaxOpenFiles is '0'"],
            text => Assert.Contains(text, call.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void Build_Files_AreNotWatched()
    {
        using var app = Build(AddFrob);

        var files = ((IConfigurationRoot)app.Configuration).Providers.OfType<JsonConfigurationProvider>().ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.False(file.Source.ReloadOnChange));
        // wherever the process was started
        Assert.Equal(AppContext.BaseDirectory, app.Environment.ContentRootPath);
        Assert.Equal("my-step-1", app.Configuration["Worker:Queue"]);
    }

    [Theory]
    [InlineData("true", "json")]
    [InlineData("false", "terminal")]
    public void Build_InAContainerOrNot_LogsForMachinesOrForPeople(string isContainer, string formatter)
    {
        using var app = Build(AddFrob, $"--DOTNET_RUNNING_IN_CONTAINER={isContainer}");

        Assert.Equal(formatter, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        Assert.IsType<ConsoleLoggerProvider>(Assert.Single(app.Services.GetServices<ILoggerProvider>()));
        var json = app.Services.GetRequiredService<IOptions<JsonConsoleFormatterOptions>>().Value;
        Assert.Equal(
            formatter == "json" ? ("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", true) : (null, false),
            (json.TimestampFormat, json.UseUtcTimestamp));
    }

    [Fact]
    public void Build_HealthChecks_AreNotLogged()
    {
        using var app = Build(AddFrob);

        var log = app.Services.GetRequiredService<ILoggerFactory>();

        var checks = log.CreateLogger("Microsoft.Extensions.Diagnostics.HealthChecks.Any");
        Assert.False(checks.IsEnabled(LogLevel.Critical));
        Assert.True(log.CreateLogger("ReWorker.Any").IsEnabled(LogLevel.Information));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(false, "--OTEL_EXPORTER_OTLP_ENDPOINT=")]
    [InlineData(true, "--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")]
    public void Build_OtlpEndpoint_SwitchesTracesOn(bool isOn, params string[] args)
    {
        using var app = Build(AddFrob, args);

        Assert.Equal(isOn, app.Services.GetService<TracerProvider>() is not null);
        Assert.NotNull(app.Services.GetService<MeterProvider>());
    }

    [Fact]
    public void CreateServices_Arguments_AreConfigurationForTheRequester()
    {
        using var services = WorkerHost.CreateServices(["--Broker:Server=b", "--Worker:Queue=q"]);

        Assert.Equal("b", services.GetRequiredService<IOptionsMonitor<BrokerOptions>>().CurrentValue.Server);
        Assert.Equal("q", services.GetRequiredService<IConfiguration>()["Worker:Queue"]);
        Assert.NotNull(services.GetRequiredService<ConnectionSource>());
        Assert.NotNull(services.CreateJobClient(new JobClientOptions()));
    }

    [Fact]
    public void CreateServices_FileAndEnvironment_AreReadInThisOrder()
    {
        // unique, since all tests of the process share the environment
        const string key = "ReWorkerTestsWorkerHost";
        Environment.SetEnvironmentVariable($"{key}__Environment", "environment");
        Environment.SetEnvironmentVariable($"{key}__Both", "environment");

        using var services = WorkerHost.CreateServices([$"--{key}:Both=typed"]);

        var configuration = services.GetRequiredService<IConfiguration>();
        Assert.Equal("my-step-1", configuration["Worker:Queue"]);
        Assert.Equal(("environment", "typed"), (configuration[$"{key}:Environment"], configuration[$"{key}:Both"]));
    }

    [Fact]
    public void AddSecrets_NoDirectory_ChangesNothing()
    {
        var configuration = new ConfigurationManager();
        var before = configuration.Sources.Count;

        WorkerHost.AddSecrets(configuration, "/no/such/directory");

        Assert.Equal(before, configuration.Sources.Count);
    }

    [Fact]
    public void AddSecrets_NoCommandLine_ComeLast()
    {
        var folder = Directory.CreateTempSubdirectory();
        File.WriteAllText(Path.Combine(folder.FullName, "Broker__Password"), "secret");
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new("Broker:Password", "from elsewhere")]);

        WorkerHost.AddSecrets(configuration, folder.FullName);

        Assert.Equal("secret", configuration["Broker:Password"]);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Build_Workers_RunBesideTheRuntime()
    {
        using var app = Build(AddFrob);

        Assert.Single(app.Services.GetServices<Running.Runner>());
        Assert.Contains(app.Services.GetServices<IHostedService>(), service => service is Supervisor);
    }

    private static WebApplication Build(Action<IHostApplicationBuilder> workers, params string[] args) =>
        WorkerHost.Build([NoBroker, .. args], 0, workers);

    private static void AddFrob(IHostApplicationBuilder host)
    {
        host.Services.AddSingleton(new Frob((_, _, _) => Task.FromResult<object?>(null)));
        host.AddWorker<FrobWorker>();
    }
}
