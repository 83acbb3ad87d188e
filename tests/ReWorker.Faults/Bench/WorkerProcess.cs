using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ReWorker.Faults;

/// <summary>What a process has in its hands, as the kernel tells.</summary>
internal sealed record Resources(int Threads, int Handles, long Memory, string Kinds)
{
    public override string ToString() => $"{Threads} threads, {Memory >> 20} MiB, {Handles} handles ({Kinds})";
}

/// <summary>How an endpoint answered.</summary>
internal sealed record Answer(int Code, string Body, TimeSpan Took)
{
    public bool IsWell => Code == 200;
}

/// <summary>A worker as it runs in production: a process of its own.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = [];
    private bool _isGone;
    private readonly int _port = ContainerBroker.FreePort();

    public WorkerProcess(string program, IEnumerable<KeyValuePair<string, string>> settings, Func<ProcessStartInfo, ProcessStartInfo>? wrap = null)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT,QUIT", program, "worker"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_port}";
        start.Environment["Logging__LogLevel__Default"] = "Information";
        start.Environment["Logging__LogLevel__Microsoft"] = "Warning";
        foreach (var (key, value) in settings) start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = Process.Start(wrap?.Invoke(start) ?? start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public IEnumerable<string> Log => _log;

    public bool Says(string text) => _log.Any(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));

    public int Count(string text) => _log.Count(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));

    public Task SignalAsync(string signal) => Shell.RunAsync("kill", $"-{signal}", Id.ToString(CultureInfo.InvariantCulture));

    public async Task<int> ExitAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new FaultException($"the worker has not ended within {limit.TotalSeconds} s");
        }
    }

    public Task<Answer> ReadyAsync() => GetAsync("/health/ready");

    public Task<Answer> LiveAsync() => GetAsync("/health/live");

    public async Task<double> MetricAsync(string name, string label = "") =>
        (await GetAsync("/metrics")).Body.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split('}')[^1].Trim().Split(' ')[0], CultureInfo.InvariantCulture));

    public Resources Resources()
    {
        var status = File.ReadAllLines($"/proc/{Id}/status");
        long Of(string key) => long.Parse(status.First(line => line.StartsWith(key, StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        // assemblies are opened when their first type is needed: that is no leak
        var handles = Directory.GetFiles($"/proc/{Id}/fd").Select(path => new FileInfo(path).LinkTarget ?? "").Where(target => Path.GetExtension(target) is not (".dll" or ".pdb" or ".so")).ToList();
        var kinds = handles.Select(target => target.Split('[')[0]).GroupBy(kind => kind).OrderBy(kind => kind.Key).Select(kind => $"{kind.Key} {kind.Count()}");
        return new((int)Of("Threads"), handles.Count, Of("VmRSS") * 1024, string.Join(", ", kinds));
    }

    public async ValueTask DisposeAsync()
    {
        if (_isGone) return;
        _isGone = true;
        if (!_process.HasExited)
        {
            await Shell.TryAsync("kill", "-CONT", Id.ToString(CultureInfo.InvariantCulture));
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    /// <summary>A probe's own connection, as an orchestrator makes it.</summary>
    private async Task<Answer> GetAsync(string path)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{_port}{path}"));
            return new((int)response.StatusCode, await response.Content.ReadAsStringAsync(), Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            return new(0, e.Message, Stopwatch.GetElapsedTime(began));
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _log.Enqueue(line.Data);
    }
}
