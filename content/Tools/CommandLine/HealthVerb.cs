using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace ReWorker.Tools.CommandLine;

/// <summary>Asks the running process whether it is ready.</summary>
internal static class HealthVerb
{
    private const string Path = "/health/ready";
    private const string Loopback = "127.0.0.1";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static Command Create(Terminal terminal)
    {
        var port = new Option<int?>("--port")
        {
            Description = "The port to ask. Default: that of ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS, else 8080.",
        }.InRange(1, 65535);
        var command = new Command("health", "Asks whether the worker is ready. Exit code: 0 ready, 1 not.") { port };
        command.SetAction((parsed, cancel) =>
        {
            var environment = new ConfigurationBuilder()
                .AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").Build();
            var endpoint = parsed.GetValue(port) is { } given ? new(Loopback, given) : ConfiguredEndpoint(environment);
            return ProbeAsync(terminal, endpoint, cancel);
        });
        return command;
    }

    internal static async Task<int> ProbeAsync(Terminal terminal, DnsEndPoint endpoint, CancellationToken cancel)
    {
        var url = $"http://{endpoint.Host}:{endpoint.Port}{Path}";
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(Timeout);
        try
        {
            var response = await GetAsync(endpoint, timeout.Token);
            var isReady = response.Status is "200";
            terminal.Line(isReady
                ? "ready"
                : $"not ready  {url} answered {response.Status}: {DescribeUnhealthy(response.Body)}");
            return isReady ? ExitCodes.Success : ExitCodes.Failed;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException
            && !cancel.IsCancellationRequested)
        {
            var reason = e is OperationCanceledException ? $"no answer within {Timeout.TotalSeconds} s" : e.Message;
            terminal.Line($"not ready  {url}: {reason}; is the worker running, on this port?");
            return ExitCodes.Failed;
        }
    }

    /// <summary>Uses a bare socket: an orchestrator asks every few seconds, and HttpClient is slow to load.</summary>
    private static async Task<(string Status, string Body)> GetAsync(DnsEndPoint endpoint, CancellationToken cancel)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancel);
        await using var stream = socket.GetStream();
        var request = $"GET {Path} HTTP/1.0\r\nHost: {endpoint.Host}:{endpoint.Port}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancel);
        using var reader = new StreamReader(stream);
        var response = await reader.ReadToEndAsync(cancel);
        return (response.Split(' ', 3).ElementAtOrDefault(1) ?? "", response.Split("\r\n\r\n", 2)[^1]);
    }

    /// <returns>The unhealthy parts with their details; the body as it is if it is not ours.</returns>
    private static string DescribeUnhealthy(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return string.Join("; ", json.RootElement.GetProperty("parts").EnumerateObject()
                .Where(part => part.Value.GetProperty("status").GetString() != "healthy")
                .Select(part => $"{part.Name}: {part.Value.GetProperty("detail").GetString()}"
                    + (part.Value.TryGetProperty("since", out var since) ? $", since {since.GetString()}" : "")));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body.Trim().ReplaceLineEndings(" ");
        }
    }

    /// <summary>Reads the environment as ASP.NET Core does: URLs win over ports. Wildcards include loopback.</summary>
    internal static DnsEndPoint ConfiguredEndpoint(IConfiguration environment)
    {
        var addresses = Values(environment["urls"]).Select(BindingAddress.Parse);
        if (addresses.FirstOrDefault(one => one.Scheme is "http") is { } address)
        {
            var isLoopback = address.Host is "+" or "*" or "localhost" or "0.0.0.0" or "[::]";
            return new DnsEndPoint(isLoopback ? Loopback : address.Host.Trim('[', ']'), address.Port);
        }
        var isPort = ushort.TryParse(Values(environment["http_ports"]).FirstOrDefault(), out var port);
        return new DnsEndPoint(Loopback, isPort ? port : 8080);
    }

    private static string[] Values(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
