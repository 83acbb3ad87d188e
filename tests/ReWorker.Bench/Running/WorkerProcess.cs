using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Running;

/// <summary>A worker in a process of its own, and what it costs.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new();
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    private readonly Process _process;
    private readonly List<string> _said = [];
    private readonly Uri? _metrics;
    private bool _isDisposed;

    private WorkerProcess(Process process, Uri? metrics)
    {
        (_process, _metrics) = (process, metrics);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        if (metrics is null) return;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
    }

    public int Pid => _process.Id;

    public double Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public long Resident
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public long Peak
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public int Threads
    {
        get
        {
            _process.Refresh();
            return _process.Threads.Count;
        }
    }

    public bool HasExited => _process.HasExited;

    public string Said
    {
        get
        {
            lock (_said) return string.Join('\n', _said);
        }
    }

    public static WorkerProcess Start(Contestant contestant, Uri broker, string queue, string replyTo, int concurrency)
    {
        var metrics = contestant.IsOurs ? new Uri($"http://127.0.0.1:{FreePort()}/metrics") : null;
        var info = new ProcessStartInfo(contestant.Command, contestant.Arguments(broker, queue, replyTo, concurrency))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (contestant.Setting is { } setting) info.Environment[setting.Name] = setting.Value;
        if (metrics is not null)
        {
            info.Environment["ConnectionStrings__rabbitmq"] = broker.ToString();
            info.Environment["ASPNETCORE_URLS"] = metrics.GetLeftPart(UriPartial.Authority);
            info.Environment["Worker__Queue"] = queue.Replace("worker.", "", StringComparison.Ordinal);
            info.Environment["Worker__Concurrency"] = concurrency.ToString(CultureInfo.InvariantCulture);
        }
        return new WorkerProcess(Process.Start(info)!, metrics);
    }

    /// <summary>Starts a process for which a job waits; milliseconds to that job's <c>completed</c>.</summary>
    public static async Task<(WorkerProcess Process, double Took)> WithFirstJobAsync(JobLoad load, Contestant one, Uri broker, string queue, int concurrency)
    {
        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync()) await Queues.DeclareAsync(channel, queue);
        await load.SendAsync(queue, default, default(JobShape).Body());
        WorkerProcess? process = null;
        try
        {
            var took = await load.OnceAsync(() =>
            {
                process = Start(one, broker, queue, load.ReplyTo, concurrency);
                return Task.CompletedTask;
            }, isSent: true);
            return (process!, took);
        }
        catch (TimeoutException)
        {
            var said = process!.Said;
            await process.DisposeAsync();
            throw new InvalidOperationException($"{one.Name} did not complete its first job: {said}");
        }
    }

    /// <summary>Bytes allocated since its start: ours says so in its metrics, the others when asked.</summary>
    public async Task<double> AllocatedAsync()
    {
        if (_metrics is null)
        {
            await _process.StandardInput.WriteLineAsync("allocated");
            return double.Parse((await _process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        }
        var text = await Http.GetStringAsync(_metrics);
        var line = text.Split('\n').First(one => one.StartsWith("dotnet_gc_heap_total_allocated_bytes_total", StringComparison.Ordinal));
        // name{labels} value timestamp
        return double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited)
        {
            await Shell.TryAsync("kill", "-TERM", Pid.ToString(CultureInfo.InvariantCulture));
            try
            {
                await _process.WaitForExitAsync().WaitAsync(Grace);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_said)
        {
            if (line is not null && _said.Count < 50) _said.Add(line);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
