using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.KeyPerFile;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;

namespace ReWorker.Tools.Hosting;

/// <summary>Builds the process that a verb runs in: configuration, logs, telemetry, endpoints.</summary>
internal static class WorkerHost
{
    private const string Secrets = "/run/secrets";

    /// <summary>The host of the long-running verbs.</summary>
    /// <param name="defaultPort">Where health and metrics are served, on loopback, unless the configuration names a port.</param>
    public static WebApplication Build(string[] args, int defaultPort, Action<IHostApplicationBuilder> workers)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // files that change are read again at each reconnect: watching them costs a handle of which there are few
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ContentRootPath = AppContext.BaseDirectory,
        });
        AddSecrets(builder.Configuration, Secrets);
        var ports = builder.Configuration["http_ports"] ?? "";
        if (ports.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault(one => !ushort.TryParse(one, out _)) is not null)
            throw new UsageException($"ASPNETCORE_HTTP_PORTS is '{ports}'; allowed: 0 to 65535, several parted by ';'");
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && ports.Length == 0)
            builder.WebHost.UseUrls($"http://127.0.0.1:{defaultPort}");
        AddLogging(builder);
        builder.AddTelemetry();
        builder.AddRuntime();
        workers(builder);

        var app = builder.Build();
        // all that is wrong at once: the first service that is made would only tell of its own settings
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    /// <summary>The services of the short-lived verbs: the same configuration, no worker, no endpoint.</summary>
    public static ServiceProvider Services(string[] args)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args);
        AddSecrets(builder.Configuration, Secrets);
        builder.AddRuntime();
        return builder.Services.BuildServiceProvider();
    }

    /// <summary>One file a secret, the file's name the key: <c>Broker__Password</c>. They come before the command line only.</summary>
    internal static void AddSecrets(ConfigurationManager configuration, string folder)
    {
        if (!Directory.Exists(folder)) return;
        var source = new KeyPerFileConfigurationSource { FileProvider = new PhysicalFileProvider(folder), Optional = true, ReloadOnChange = false };
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var commandLine = sources.ToList().FindLastIndex(one => one is CommandLineConfigurationSource);
        sources.Insert(commandLine < 0 ? sources.Count : commandLine, source);
    }

    /// <summary>JSON where a machine reads it, one readable line each where a person does.</summary>
    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (builder.Configuration.GetValue<bool>("DOTNET_RUNNING_IN_CONTAINER")) builder.Logging.AddJsonConsole(json => (json.TimestampFormat, json.UseUtcTimestamp) = ("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", true));
        else
        {
            builder.Services.AddSingleton<ConsoleFormatter, TerminalFormatter>();
            builder.Logging.AddConsole(console => console.FormatterName = TerminalFormatter.FormatterName);
        }
    }
}
