using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Supervision;
using ReWorker.Tests.Fakes;
using ReWorker.Topology;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>The base of the probe's tests: consumers on a fake connection, probed in virtual time.</summary>
public abstract class ProbeTest : IAsyncLifetime
{
    private protected const string Queue = "worker.frob";
    private protected const string Dead = "worker.frob.dead";
    private protected const string Look = "QueueDeclarePassiveAsync";

    private readonly List<TestRunner> _runners = [];
    private Epoch? _epoch;
    private int _asked;

    private protected WatchedTime Time { get; } = new();
    private protected QueueAnswers Broker { get; } = new();
    private protected FakeSource Source { get; private set; } = null!;
    private protected Epoch Epoch => _epoch!;
    private protected EpochConsumers Consumers { get; private set; } = null!;
    private protected HealthState Health { get; private set; } = null!;
    private protected Measurements Measured { get; private set; } = null!;

    /// <summary>The worker whose queue the test asks about: two slots, a prefetch of three.</summary>
    private protected TestRunner Worker => _runners[0];

    private protected Consumer Consumer => Consumers.All[0];

    private protected bool IsLost => Epoch.Loss.IsCompleted;

    public async ValueTask InitializeAsync()
    {
        Source = new FakeSource(Time) { OnOpen = connection => connection.OnChannel = Broker.Attach };
        _epoch = await Source.OpenEpochAsync(Time);
        Consumers = new EpochConsumers(_epoch);
        var options = new WorkerOptions { Queue = "frob", Concurrency = 2, Prefetch = 3 };
        await AddWorkerAsync(new TestRunner(RunAsync, options));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Epoch.DisposeAsync();
        Measured?.Dispose();
        foreach (var runner in _runners) runner.Dispose();
    }

    private protected async Task AddWorkerAsync(TestRunner runner)
    {
        _runners.Add(runner);
        runner.Runner.Start();
        await new ConsumerFactory().StartAsync(Consumers, runner.Runner, CancellationToken.None);
    }

    /// <summary>What a job's code does.</summary>
    private protected virtual Task<object?> RunAsync(Job job, CancellationToken cancel) =>
        Task.FromResult<object?>(null);

    /// <summary>Starts the probe, which asks at once.</summary>
    private protected async Task StartAsync()
    {
        var options = Microsoft.Extensions.Options.Options.Create(new BrokerOptions());
        Health = new HealthState(options, Time);
        Measured = new Measurements(Worker.Meters);
        var topology = new TopologyBuilder(NullLogger<TopologyBuilder>.Instance);
        var probe = new ConsumptionProbe(topology, Health, Worker.Instruments, options, Time);
        _ = Task.Run(() => probe.RunAsync(Consumers));
        // the first probe always counts the parked jobs, after its look at the queue
        await Until.TrueAsync(() => IsLost || Broker.Asked(Look, Dead) > 0, "the count of parked jobs");
        await ProbedAsync();
    }

    /// <summary>Lets the next probes run.</summary>
    private protected async Task ProbeAsync(int times = 1)
    {
        for (var done = 0; done < times && !IsLost; done++)
        {
            Time.Advance(ConsumptionProbe.Interval);
            await ProbedAsync();
        }
    }

    private protected Task DeliverAsync(ulong tag, string? replyTo = null)
    {
        var properties = new BasicProperties { CorrelationId = $"{tag}" };
        if (replyTo is not null) properties.ReplyTo = replyTo;
        return Consumer.HandleBasicDeliverAsync("tag", tag, false, "", Queue, properties, "{}"u8.ToArray());
    }

    private protected (bool IsHealthy, string Detail) Part(string queue = Queue) =>
        Health.Parts.TryGetValue(HealthState.Queue(queue), out var part) ? (part.IsHealthy, part.Detail) : default;

    // a probe has closed its channels and waits for the next interval
    private async Task ProbedAsync()
    {
        await Until.TrueAsync(() => IsLost || Broker.Asked(Look, Queue) > _asked, "the probe");
        await Until.TrueAsync(
            () => IsLost || (Time.Live.All(due => due == ConsumptionProbe.Interval)
                && Source.Consumes.Channels.Count(channel => !channel.IsDisposed) == Consumers.All.Count),
            "the end of the probe");
        _asked = Broker.Asked(Look, Queue);
    }
}
