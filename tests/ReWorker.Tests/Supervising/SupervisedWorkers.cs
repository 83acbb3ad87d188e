using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Topology;
using ReWorker.Wire.Connections;

namespace ReWorker.Tests.Supervising;

/// <summary>A supervisor with all that it supervises, on fake connections and in virtual time.</summary>
internal sealed class SupervisedWorkers : IAsyncDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ServiceProvider _services;
    private readonly ILoggerFactory _loggers;

    /// <param name="queues">The queue of each worker: first of a FrobWorker, then of SecondWorkers.</param>
    public SupervisedWorkers(
        string[] queues, Func<CancellationToken, Task<object?>>? code = null, ConnectionSource? source = null,
        Action<BrokerOptions>? configure = null, int concurrency = 16, TimeSpan? drain = null)
    {
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = _services.GetRequiredService<IMeterFactory>();
        Metrics = new Measurements(meters);
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
        Source = new FakeSource(Time) { OnOpen = connection => connection.OnChannel = OnChannel };
        var broker = new BrokerOptions();
        configure?.Invoke(broker);
        var options = Microsoft.Extensions.Options.Options.Create(broker);
        Health = new HealthState(options, Time);
        Instruments = new Instruments(meters, Health);
        Publisher = new Publisher(options, Instruments, Time, _loggers.CreateLogger<Publisher>());
        var run = code ?? (_ => Task.FromResult<object?>(null));
        Runners =
        [
            .. queues.Select((queue, index) => new Runner(new WorkerContext(
                index == 0 ? new FrobWorker(new Frob((_, _, token) => run(token))) : new SecondWorker(run),
                new WorkerOptions
                {
                    Queue = queue, Concurrency = concurrency, DrainTimeout = drain ?? TimeSpan.FromSeconds(20),
                },
                Publisher, Instruments, Time, _loggers.CreateLogger("worker")))),
        ];
        var topology = new TopologyBuilder(_loggers.CreateLogger<TopologyBuilder>());
        var probe = new ConsumptionProbe(topology, Health, Instruments, options, Time);
        Supervisor = new Supervisor(
            source ?? Source, topology, new ConsumerFactory(), Publisher, Runners, probe, Health, Instruments, options,
            Time, _loggers.CreateLogger<Supervisor>());
    }

    public WatchedTime Time { get; } = new();
    public FakeSource Source { get; }
    public QueueAnswers Broker { get; } = new();
    public LogRecords Logs { get; } = new();
    public Measurements Metrics { get; }
    public HealthState Health { get; }
    public Instruments Instruments { get; }
    public Publisher Publisher { get; }
    public IReadOnlyList<Runner> Runners { get; }
    public Supervisor Supervisor { get; }

    /// <summary>The channels of the newest connection that consume, one for each worker.</summary>
    public IReadOnlyList<FakeChannel> Consumers =>
        [.. Source.Consumes.Channels.Where(channel => channel.Consumer is not null)];

    public FakeChannel PublishChannel => Source.Publishes.Channels[0];

    public int Count(int log) => Logs.WithId(log).Count;

    public string Last(int log) => Logs.WithId(log)[^1].Message;

    public (bool IsHealthy, string Detail) Part(string name) =>
        (Health.Parts[name].IsHealthy, Health.Parts[name].Detail);

    public Task StartAsync() => Supervisor.StartAsync(CancellationToken.None);

    /// <summary>Starts, and waits until the supervisor watches its connections.</summary>
    public async Task ConnectAsync()
    {
        await StartAsync();
        await ConnectedAsync();
    }

    /// <summary>Waits until the supervisor has connected so many times, and watches its connections.</summary>
    public async Task ConnectedAsync(int times = 1)
    {
        await Until.TrueAsync(() => Count(LogId.Consuming) == times, $"connection {times}");
        await Time.WaitAsync(Tick);
    }

    /// <summary>Delivers a job on a consumer's channel.</summary>
    public Task DeliverAsync(ulong tag, int consumer = 0, string? replyTo = null)
    {
        var properties = new BasicProperties { CorrelationId = $"{tag}" };
        if (replyTo is not null) properties.ReplyTo = replyTo;
        return Consumers[consumer].DeliverAsync(tag, "{}"u8.ToArray(), properties);
    }

    /// <summary>Stops as the host does. Time moves on while that takes some.</summary>
    public async Task StopAsync()
    {
        var stop = Supervisor.StoppingAsync(CancellationToken.None);
        await Time.AdvanceUntilAsync(() => stop.IsCompleted, "the stop");
        await stop;
    }

    public async ValueTask DisposeAsync()
    {
        Source.OnOpen = null;
        Supervisor.Dispose();
        foreach (var runner in Runners) runner.StopAccepting();
        Metrics.Dispose();
        Instruments.Dispose();
        _loggers.Dispose();
        await _services.DisposeAsync();
    }

    private void OnChannel(FakeChannel channel) => Broker.Attach(channel);

    private sealed class SecondWorker(Func<CancellationToken, Task<object?>> code) : Worker
    {
        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) => code(cancel);
    }
}
