using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ReWorker.Tests.Contract;

namespace ReWorker.Tests.Operations;

/// <summary>The sample step as the process that it is, with all that operators see of it.</summary>
internal sealed class StepProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly Process _process;
    private readonly Uri _url = new($"http://127.0.0.1:{FreePort()}");
    private readonly ConcurrentQueue<string> _log = [];

    private StepProcess(string[] arguments, IEnumerable<(string Key, string Value)> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_URLS"] = _url.AbsoluteUri;
        foreach (var (key, value) in settings) start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>The lines that hold a text.</summary>
    public IReadOnlyList<string> Saying(string text) => [.. _log.Where(line => line.Contains(text, StringComparison.Ordinal))];

    /// <summary>Starts the step on a queue, and waits for what the log says first when all is well, or what the test waits for.</summary>
    public static async Task<StepProcess> StartAsync(string until, params (string Key, string Value)[] settings)
    {
        var step = new StepProcess([], settings);
        await step.SaysAsync(until);
        return step;
    }

    public async Task SaysAsync(string text)
    {
        for (var watch = Stopwatch.StartNew(); Saying(text).Count == 0; await Task.Delay(25))
            if (_process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(40)) throw new TimeoutException($"it does not say '{text}':\n{string.Join('\n', Log)}");
    }

    public async Task<Metrics> MetricsAsync() => Metrics.Read(await Http.GetStringAsync(new Uri(_url, "/metrics")));

    public async Task<(HttpStatusCode Code, string Body)> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(_url, path));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Asks it to stop, and waits for its end.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(40));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _log.Enqueue(line.Data);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
