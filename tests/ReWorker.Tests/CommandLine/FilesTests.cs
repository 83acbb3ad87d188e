using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using ReWorker.Tools.CommandLine;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.CommandLine;

public sealed class FilesTests
{
    [Fact]
    public void Read_MqConfigWithAllKeys_ReturnsBrokerSettings()
    {
        using var file = new TempFile(
            """{"user":"u","password":"p@/=:","server":"s","port":"5671","vhost":"v","ssl":true}""");

        var settings = MqConfig.Read(file.Path);

        Assert.Equal(
            [
                "--ConnectionStrings:rabbitmq=", "--Broker:user=u", "--Broker:password=p@/=:", "--Broker:server=s",
                "--Broker:port=5671", "--Broker:vhost=v", "--Broker:ssl=true",
            ],
            settings);
    }

    [Fact]
    public void Read_WorkerConfigWithQueueAndLevel_ReturnsTheSameSettingsAsInPython()
    {
        using var file = new TempFile("""{"queue":"q","OUTPUT_LEVEL":"INFO","own":{"list":[1,"two"]}}""");

        var settings = WorkerConfig.Read(file.Path);

        Assert.Equal(
            [
                "--Worker:OutputLevel=Information", "--Worker:Queue=q", "--WorkerConfig:OUTPUT_LEVEL=INFO",
                "--WorkerConfig:own:list:0=1", "--WorkerConfig:own:list:1=two", "--WorkerConfig:queue=q",
            ],
            settings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Split_SettingsAmongOtherArguments_SeparatesThem()
    {
        var (words, settings) = Settings.Split(
        [
            "submit", "--Worker:Queue=x", "--parameter", "a:b=c", "--Broker:Server", "h",
            "--notify=failed:irc=#o", "x:y",
        ]);

        Assert.Equal(["submit", "--parameter", "a:b=c", "--notify=failed:irc=#o", "x:y"], words);
        Assert.Equal(["--Worker:Queue=x", "--Broker:Server=h"], settings);
    }

    [Theory]
    [InlineData("30s", 30.0)]
    [InlineData("1.5m", 90.0)]
    [InlineData("2h", 7200.0)]
    [InlineData("500ms", 0.5)]
    [InlineData("7", 7.0)]
    [InlineData("00:01:00", 60.0)]
    [InlineData("-1s", null)]
    [InlineData("0", null)]
    [InlineData("1e3", null)]
    [InlineData("1d", null)]
    [InlineData("", null)]
    [InlineData("99999h", null)]
    public void ParseDuration_CommonNotations_ReturnsTheDurationOrNull(string text, double? seconds) =>
        Assert.Equal(seconds, OptionRules.ParseDuration(text)?.TotalSeconds);

    [Fact]
    public void OneLine_ControlCharacters_EscapesThem()
    {
        var line = Printable.OneLine("a\tb\u001b[31mc\r\u009bd\u202ee é 🙂");

        Assert.Equal("a\tb\\u001b[31mc\\u000d\\u009bd\\u202ee é 🙂", line);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\n  \"status\": \"healthy\"\n}", 0, "ready\n")]
    [InlineData(
        "HTTP/1.1 503 Service Unavailable\r\n\r\n{}", 1,
        "not ready  http://127.0.0.1:PORT/health/ready answered 503: {}\n")]
    [InlineData("", 1, "not ready  http://127.0.0.1:PORT/health/ready answered : \n")]
    public async Task Health_Response_DeterminesTheExitCode(string response, int code, string line)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var request = Task.Run(async () =>
        {
            using var client = await server.AcceptTcpClientAsync();
            var buffer = new byte[1000];
            var length = await client.GetStream().ReadAsync(buffer);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(response));
            return Encoding.ASCII.GetString(buffer, 0, length);
        }, TestContext.Current.CancellationToken);

        var call = await Call.Async("health", "--port", $"{port}");

        Assert.StartsWith("GET /health/ready HTTP/1.0\r\n", await request, StringComparison.Ordinal);
        Assert.Equal((code, line.Replace("PORT", $"{port}", StringComparison.Ordinal)), (call.Code, call.Output));
    }

    [Theory]
    [InlineData("http://+:81;http://*:82", "83", "127.0.0.1:81")]
    [InlineData("https://+:81; http://[::]:82", null, "127.0.0.1:82")]
    [InlineData("http://10.0.0.7", "83", "10.0.0.7:80")]
    [InlineData("http://[::1]:81", null, "::1:81")]
    [InlineData("", "83;84", "127.0.0.1:83")]
    [InlineData(null, null, "127.0.0.1:8080")]
    public void ConfiguredEndpoint_UrlsAndPorts_MatchesAspNetCore(string? urls, string? ports, string endpoint)
    {
        var environment = new ConfigurationBuilder()
            .AddInMemoryCollection([new("urls", urls), new("http_ports", ports)]).Build();

        var configured = HealthVerb.ConfiguredEndpoint(environment);

        Assert.Equal(endpoint, $"{configured.Host}:{configured.Port}");
    }

    [Fact]
    public async Task Health_NothingListens_NamesTheUrl()
    {
        var call = await Call.Async("health", "--port", "1");

        const string error =
            "not ready  http://127.0.0.1:1/health/ready: Connection refused; is the worker running, on this port?\n";
        Assert.Equal((1, error), (call.Code, call.Output));
    }
}
