using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ReWorker.TestKit;

/// <summary>What a process holds. <paramref name="Kinds"/> counts its handles by kind.</summary>
public sealed record Resources(int Threads, int Handles, long Memory, string Kinds)
{
    public override string ToString() => $"{Threads} threads, {Memory >> 20} MiB, {Handles} handles ({Kinds})";
}

/// <summary>An endpoint's answer. The code is 0 if there was none; the body then has the reason.</summary>
public sealed record Answer(int Code, string Body, TimeSpan Took)
{
    public bool IsWell => Code == 200;
}

/// <summary>A worker as it runs in production: in a process of its own.</summary>
public sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly ReservedPort _port = ReservedPort.Take();
    private readonly ConcurrentQueue<string> _log = [];
    private readonly Process _process;
    private bool _isDisposed;

    /// <param name="settings">In the environment; a key may have colons, as in appsettings.json.</param>
    /// <param name="wrap">Changes how the process is started.</param>
    public WorkerProcess(
        string program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> settings,
        Func<ProcessStartInfo, ProcessStartInfo>? wrap = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_port.Number}";
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = Process.Start(wrap?.Invoke(start) ?? start)!;
        Id = _process.Id;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>How long <see cref="DisposeAsync"/> waits after SIGTERM. By default it kills at once.</summary>
    public TimeSpan Grace { get; init; }

    public int Id { get; }

    public bool HasExited => _isDisposed || _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Seconds of CPU.</summary>
    public double Cpu => Now.TotalProcessorTime.TotalSeconds;

    /// <summary>Bytes of resident memory.</summary>
    public long Resident => Now.WorkingSet64;

    /// <summary>The most bytes of resident memory so far.</summary>
    public long Peak => Now.PeakWorkingSet64;

    public int Threads => Now.Threads.Count;

    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>The log as one text.</summary>
    public string Said => string.Join('\n', _log);

    private Process Now
    {
        get
        {
            _process.Refresh();
            return _process;
        }
    }

    /// <summary>The lines of the log that have the text, in upper or lower case.</summary>
    public IReadOnlyList<string> Saying(string text) =>
        [.. _log.Where(line => line.Contains(text, StringComparison.OrdinalIgnoreCase))];

    public int Count(string text) => Saying(text).Count;

    public bool Says(string text) => Count(text) > 0;

    /// <summary>Waits until the log has the text.</summary>
    public async Task SaysAsync(string text)
    {
        for (var watch = Stopwatch.StartNew(); !Says(text); await Task.Delay(25))
        {
            if (!HasExited && watch.Elapsed < Patience) continue;
            throw new TimeoutException($"the log does not say '{text}':\n{Said}");
        }
    }

    public Task<Answer> ReadyAsync() => GetAsync("/health/ready");

    public Task<Answer> LiveAsync() => GetAsync("/health/live");

    /// <summary>Asks over a connection of its own, as an orchestrator's probe does.</summary>
    public async Task<Answer> GetAsync(string path)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{_port.Number}{path}"));
            var body = await response.Content.ReadAsStringAsync();
            return new Answer((int)response.StatusCode, body, Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return new Answer(0, e.Message, Stopwatch.GetElapsedTime(began));
        }
    }

    public async Task<Metrics> MetricsAsync()
    {
        var answer = await GetAsync("/metrics");
        return answer.IsWell
            ? Metrics.Read(answer.Body)
            : throw new InvalidOperationException($"/metrics answered {answer.Code}: {answer.Body}");
    }

    /// <summary>The sum of a metric over all labels that have the text, such as <c>kind="status"</c>.</summary>
    public async Task<double> MetricAsync(string name, string label = "") =>
        (await MetricsAsync()).Samples
            .Where(one => one.Name == name)
            .Where(one => string.Join(',', one.Labels.Select(pair => $"{pair.Key}=\"{pair.Value}\"")).Contains(label))
            .Sum(one => one.Value);

    /// <summary>What the process holds, as Linux tells.</summary>
    public Resources Resources()
    {
        // an assembly is opened when its first type is needed: that is no leak
        var handles = Directory.GetFiles($"/proc/{Id}/fd")
            .Select(path => new FileInfo(path).LinkTarget ?? "")
            .Where(target => Path.GetExtension(target) is not (".dll" or ".pdb" or ".so"))
            .ToList();
        var kinds = handles.GroupBy(target => target.Split('[')[0]).OrderBy(kind => kind.Key);
        return new Resources(
            Threads, handles.Count, Resident, string.Join(", ", kinds.Select(kind => $"{kind.Key} {kind.Count()}")));
    }

    public Task SignalAsync(string signal) =>
        Command.RunAsync("kill", $"-{signal}", Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for the process to end; returns its exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"the worker has not ended within {limit.TotalSeconds} s");
        }
    }

    /// <summary>Sends SIGTERM and waits for the process to end; returns its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? limit = null)
    {
        await SignalAsync("TERM");
        return await ExitAsync(limit ?? Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        try
        {
            if (Grace > TimeSpan.Zero && !HasExited) await StopAsync(Grace);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            // it does not stop, or ended before the signal
        }
        _isDisposed = true;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _port.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _log.Enqueue(line.Data);
    }
}
