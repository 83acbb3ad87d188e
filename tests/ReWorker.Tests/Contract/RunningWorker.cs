using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using My.Step_1.Tests;
using ReWorker.Hosting;
using ReWorker.Tools.Hosting;

namespace ReWorker.Tests.Contract;

/// <summary>A host with a worker on its own queue, as in production except that its log is recorded.</summary>
public sealed class RunningWorker : IAsyncDisposable
{
    private readonly PikaBus _bus;
    private readonly IHost _host;
    private bool _isStopped;

    private RunningWorker(PikaBus bus, IHost host, LogRecords logs, string name) =>
        (_bus, _host, Logs, Name) = (bus, host, logs, name);

    /// <summary>The queue's name without the prefix <c>worker.</c></summary>
    public string Name { get; }

    public string Queue => $"worker.{Name}";

    public string DeadQueue => $"{Queue}.dead";

    public LogRecords Logs { get; }

    /// <summary>Leaves the queues to another worker instead of deleting them.</summary>
    public bool KeepQueues { get; set; }

    public IServiceProvider Services => _host.Services;

    /// <summary>
    /// How many times as fast as the system's the worker's own clock runs while it stops. A faster one leaves a busy
    /// broker little time for the last confirms and acknowledgements.
    /// </summary>
    public int StopSpeed { get; set; } = 1;

    /// <summary>The worker's clock, if it is not the system's.</summary>
    private FakeTimeProvider? Time => Services.GetRequiredService<TimeProvider>() as FakeTimeProvider;

    /// <summary>True while the code of a job runs.</summary>
    public bool IsBusy => Services.GetServices<Running.Runner>().Any(runner => runner.Running > 0);

    /// <summary>The number of messages that the broker has not confirmed.</summary>
    public int Unconfirmed => Services.GetRequiredService<Publishing.Publisher>().Unsettled;

    public static Task<RunningWorker> StartAsync(
        PikaBus bus, Func<Job, CancellationToken, Task<object?>> code, CancellationToken cancel,
        params (string Key, string Value)[] settings) =>
        StartAsync(bus, new Frob((_, job, token) => code(job, token)), cancel, settings);

    public static Task<RunningWorker> StartAsync(
        PikaBus bus, Frob frob, CancellationToken cancel, params (string Key, string Value)[] settings) =>
        StartAsync(bus, host =>
        {
            host.Services.AddSingleton(frob);
            host.AddWorker<FrobWorker>();
        }, cancel, settings);

    public static async Task<RunningWorker> StartAsync(
        PikaBus bus, Action<IHostApplicationBuilder> addWorkers, CancellationToken cancel,
        params (string Key, string Value)[] settings)
    {
        var queue = BrokerFixture.UniqueQueue();
        var values = settings.Select(setting => (setting.Key, (string?)setting.Value));
        var builder = Builder(bus.Amqp, queue, [.. values], out var logs);
        addWorkers(builder);
        var host = builder.Build();
        var name = host.Services.GetServices<Running.Runner>().First().Queue["worker.".Length..];
        var worker = new RunningWorker(bus, host, logs, name);
        await worker._host.StartAsync(cancel);
        await logs.WaitAsync(LogId.Consuming, cancel);
        return worker;
    }

    internal static HostApplicationBuilder Builder(
        Uri amqp, string queue, (string Key, string? Value)[] settings, out LogRecords logs)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>
        {
            ["ConnectionStrings:rabbitmq"] = amqp.AbsoluteUri,
            ["Worker:Queue"] = queue,
            ["Worker:DrainTimeout"] = "00:00:00.5",
        };
        foreach (var (key, value) in settings) values[key] = value;
        builder.Configuration.AddInMemoryCollection(values);
        var records = logs = new LogRecords();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(records));
        return builder;
    }

    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, true)) return;
        var stop = _host.StopAsync();
        await (Time?.RunUntilAsync(stop, () => StopSpeed) ?? stop);
    }

    /// <summary>Stops the worker and counts the jobs in its queue, with those that it had not settled.</summary>
    public async Task<int> StopAndCountAsync()
    {
        await StopAsync();
        // a quorum queue requeues what a closed connection held a moment later, but before it takes this message
        await _bus.CallAsync("send", new { session = "", exchange = "", key = Queue, body = "", properties = new { } });
        while (true)
        {
            if ((await _bus.CountAsync(Queue)).Messages is > 0 and var count) return count - 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _host.Dispose();
        if (!KeepQueues) await _bus.DeleteAsync(Queue, DeadQueue);
    }
}
