using System.Net;
using System.Net.Sockets;
using System.Text;
using ReWorker.Tools.CommandLine;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>What <c>health</c> says about each answer of the process.</summary>
public sealed class HealthVerbTests
{
    private const string Unhealthy =
        """
        {"status":"unhealthy","parts":{
          "connection":{"status":"unhealthy","detail":"refused","since":"2026-01-02T03:04:05.000Z"},
          "supervisor":{"status":"healthy","detail":"alive"},
          "database":{"status":"degraded","detail":"slow"}}}
        """;

    [Theory]
    [InlineData("200 OK", Unhealthy, 0, "ready")]
    [InlineData(
        "503 Service Unavailable", Unhealthy, 1,
        "answered 503: connection: refused, since 2026-01-02T03:04:05.000Z; database: slow")]
    [InlineData("503 Service Unavailable", "{\"parts\":{}}", 1, "answered 503: ")]
    [InlineData("404 Not Found", " not\r\nours ", 1, "answered 404: not ours")]
    [InlineData("500 Error", "{\"parts\":[]}", 1, "answered 500: {\"parts\":[]}")]
    [InlineData("500 Error", "{\"parts\":{\"a\":{\"status\":\"unhealthy\"}}}", 1, "answered 500: {\"parts\":{\"a\":")]
    [InlineData("302 Found", "", 1, "answered 302: ")]
    public async Task Health_Answer_IsReadyOnlyIfItIs200(string status, string body, int code, string expected)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var serving = ServeAsync(server, $"HTTP/1.1 {status}\r\nA: b\r\n\r\n{body}");

        var call = await Call.Async("health", "--port", $"{port}");

        Assert.Equal(code, call.Code);
        if (code != 0) expected = $"not ready  http://127.0.0.1:{port}/health/ready {expected}";
        Assert.StartsWith(expected, call.Output, StringComparison.Ordinal);
        Assert.Single(call.Lines);
        Assert.Equal($"GET /health/ready HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n", await serving);
    }

    [Fact]
    public async Task Health_ConnectionIsReset_IsNotReady()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var serving = Task.Run(async () =>
        {
            using var socket = await server.AcceptSocketAsync();
            socket.LingerState = new LingerOption(true, 0);
        }, TestContext.Current.CancellationToken);

        var call = await Call.Async("health", "--port", $"{port}");

        await serving;
        Assert.Equal(1, call.Code);
        Assert.StartsWith($"not ready  http://127.0.0.1:{port}/health/ready", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_NoAnswer_IsNotReadyAfterFiveSeconds()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();

        var call = await Call.Async("health", "--port", $"{((IPEndPoint)server.LocalEndpoint).Port}")
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(1, call.Code);
        Assert.EndsWith(": no answer within 5 s; is the worker running, on this port?\n", call.Output);
    }

    [Fact]
    public async Task Health_Interrupted_SaysNothingOfTheWorker()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(Stream.Null, output, output, isInteractive: false);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var endpoint = new DnsEndPoint("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port);
        using var interrupt = new CancellationTokenSource();

        var probing = HealthVerb.ProbeAsync(terminal, endpoint, interrupt.Token);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probing);
        Assert.Equal("", output.ToString());
    }

    [Theory]
    [InlineData("0", 64)]
    [InlineData("65536", 64)]
    [InlineData("65535", 1)]
    public async Task Health_Port_MustBeWithinTheLimits(string port, int code) =>
        Assert.Equal(code, (await Call.Async("health", "--port", port)).Code);

    private static async Task<string> ServeAsync(TcpListener server, string answer)
    {
        using var client = await server.AcceptTcpClientAsync();
        var buffer = new byte[1000];
        var length = await client.GetStream().ReadAsync(buffer);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
