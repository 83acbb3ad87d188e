using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ReWorker.TestKit;

/// <summary>The resources that a process holds. <paramref name="Kinds"/> counts its handles by kind.</summary>
public sealed record Resources(int Threads, int Handles, long Memory, string Kinds)
{
    public override string ToString() => $"{Threads} threads, {Memory >> 20} MiB, {Handles} handles ({Kinds})";
}

/// <summary>An endpoint's answer. Without one, the code is 0 and the body has the reason.</summary>
public sealed record Answer(int Code, string Body, TimeSpan Took)
{
    public bool IsOk => Code == 200;
}

/// <summary>A worker in its own process, as it runs in production.</summary>
public sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(40);

    private readonly ReservedPort _port = ReservedPort.Take();
    private readonly ConcurrentQueue<string> _log = [];
    private readonly Process _process;
    private bool _isDisposed;

    /// <param name="settings">Passed as environment variables. A key may contain colons, as in configuration.</param>
    /// <param name="wrap">Wraps the start in another command.</param>
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
        // broker.sh sets it for every program below it, and it would win over the settings of the test
        start.Environment.Remove("ConnectionStrings__rabbitmq");
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_port.Number}";
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = Process.Start(wrap?.Invoke(start) ?? start)!;
        Id = _process.Id;
        _process.OutputDataReceived += AddToLog;
        _process.ErrorDataReceived += AddToLog;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>How long <see cref="DisposeAsync"/> waits after SIGTERM. By default it kills immediately.</summary>
    public TimeSpan Grace { get; init; }

    public int Id { get; }

    public bool HasExited => _isDisposed || _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>The CPU time used so far, in seconds.</summary>
    public double Cpu => Now.TotalProcessorTime.TotalSeconds;

    /// <summary>The resident memory, in bytes.</summary>
    public long Resident => Now.WorkingSet64;

    /// <summary>The highest resident memory so far, in bytes.</summary>
    public long Peak => Now.PeakWorkingSet64;

    public int Threads => Now.Threads.Count;

    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>The log as one text.</summary>
    public string LogText => string.Join('\n', _log);

    private Process Now
    {
        get
        {
            _process.Refresh();
            return _process;
        }
    }

    /// <summary>The lines of the log that contain the text, ignoring case.</summary>
    public IReadOnlyList<string> LogLines(string text) =>
        [.. _log.Where(line => line.Contains(text, StringComparison.OrdinalIgnoreCase))];

    public int Count(string text) => LogLines(text).Count;

    public bool HasLogged(string text) => Count(text) > 0;

    /// <summary>Waits until the log contains the text.</summary>
    public async Task WaitForLogAsync(string text)
    {
        for (var watch = Stopwatch.StartNew(); !HasLogged(text); await Task.Delay(25))
        {
            if (!HasExited && watch.Elapsed < DefaultTimeout) continue;
            throw new TimeoutException($"the log does not contain '{text}':\n{LogText}");
        }
    }

    public Task<Answer> ReadyAsync() => GetAsync("/health/ready");

    public Task<Answer> LiveAsync() => GetAsync("/health/live");

    /// <summary>Uses a new connection, as an orchestrator's probe does.</summary>
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
        return answer.IsOk
            ? Metrics.Read(answer.Body)
            : throw new InvalidOperationException($"/metrics answered {answer.Code}: {answer.Body}");
    }

    /// <summary>Sums the samples whose labels contain the text, for example <c>kind="status"</c>.</summary>
    public async Task<double> MetricAsync(string name, string label = "") =>
        (await MetricsAsync()).Samples
            .Where(sample => sample.Name == name)
            .Where(sample => string.Join(',', sample.Labels.Select(pair => $"{pair.Key}=\"{pair.Value}\""))
                .Contains(label))
            .Sum(sample => sample.Value);

    /// <summary>Reads from /proc what the process holds.</summary>
    public Resources Resources()
    {
        // an assembly is opened when one of its types is first used, which is not a leak
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

    /// <summary>Waits for the process to exit and returns its exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"the worker did not exit within {limit.TotalSeconds} s");
        }
    }

    /// <summary>Sends SIGTERM, waits for the process to exit and returns its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? limit = null)
    {
        await SignalAsync("TERM");
        return await ExitAsync(limit ?? DefaultTimeout);
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
            // it did not stop in time, or it exited before the signal
        }
        _isDisposed = true;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _port.Dispose();
    }

    private void AddToLog(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _log.Enqueue(line.Data);
    }
}
