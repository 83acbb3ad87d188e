using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ReWorker.Tools.CommandLine;

/// <summary>Asks the running process whether it is ready. A bare socket: it runs every few seconds, and HttpClient takes longer to load than to ask.</summary>
internal static class HealthVerb
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static Command Create(Terminal terminal)
    {
        var port = new Option<int?>("--port") { Description = "Where to ask. Default: the port of ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS, else 8080." }.Whole(1, 65535);
        var command = new Command("health", "Says whether the running worker is ready: exit status 0, else 1.") { port };
        command.SetAction((parsed, cancel) => AskAsync(terminal, parsed.GetValue(port) is { } given ? new DnsEndPoint("127.0.0.1", given) : Configured(), cancel));
        return command;
    }

    private static async Task<int> AskAsync(Terminal terminal, DnsEndPoint where, CancellationToken cancel)
    {
        var url = $"http://{where.Host}:{where.Port}/health/ready";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(where.Host, where.Port, limit.Token).ConfigureAwait(false);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /health/ready HTTP/1.0\r\nHost: {where.Host}:{where.Port}\r\n\r\n"), limit.Token).ConfigureAwait(false);
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            var status = answer.Split(' ', 3).ElementAtOrDefault(1) ?? "";
            terminal.Line(status is "200" ? "ready" : $"not ready  {url} answered {status}: {Unwell(answer)}");
            return status is "200" ? ExitCodes.Done : ExitCodes.Failed;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            terminal.Line($"not ready  {url}: {(e is OperationCanceledException ? $"no answer within {Limit.TotalSeconds} s" : e.Message)}; is the worker running, on this port?");
            return ExitCodes.Failed;
        }
    }

    /// <summary>The parts that are unwell, and why; the answer as it is if it is not ours.</summary>
    private static string Unwell(string answer)
    {
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) is var end and >= 0 ? end + 4 : 0)..];
        try
        {
            using var json = JsonDocument.Parse(body);
            return string.Join("; ", json.RootElement.GetProperty("parts").EnumerateObject()
                .Where(part => part.Value.GetProperty("status").GetString() != "healthy")
                .Select(part => $"{part.Name}: {part.Value.GetProperty("detail").GetString()}, since {part.Value.GetProperty("since").GetString()}"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body.Trim().ReplaceLineEndings(" ");
        }
    }

    /// <summary>As ASP.NET Core reads them: URLs before ports, the first of several; a wildcard is reached on loopback.</summary>
    internal static DnsEndPoint Configured()
    {
        foreach (var prefix in (string[])["ASPNETCORE_", "DOTNET_"])
        {
            var urls = Environment.GetEnvironmentVariable($"{prefix}URLS")?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (urls?.FirstOrDefault(one => one.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) is { } url
                && Uri.TryCreate(url.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal), UriKind.Absolute, out var uri))
                return new DnsEndPoint(uri.Host is "localhost" or "0.0.0.0" or "[::]" ? "127.0.0.1" : uri.Host.Trim('[', ']'), uri.Port);
            var ports = Environment.GetEnvironmentVariable($"{prefix}HTTP_PORTS")?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (ports is [var first, ..] && ushort.TryParse(first, out var port)) return new DnsEndPoint("127.0.0.1", port);
        }
        return new DnsEndPoint("127.0.0.1", 8080);
    }
}
