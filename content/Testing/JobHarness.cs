using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Wire.Contract;

namespace ReWorker.Testing;

/// <summary>
/// Runs a job in memory, through the runtime's own code and without a broker, and records everything that it sends.
/// </summary>
/// <param name="worker">The worker under test.</param>
/// <param name="json">The JSON context that AddWorker gets.</param>
/// <param name="options">The worker's options. Default: the defaults.</param>
/// <param name="time">The clock. Default: the system's.</param>
public sealed class JobHarness(
    Worker worker, IJsonTypeInfoResolver? json = null, WorkerOptions? options = null, TimeProvider? time = null)
{
    /// <summary>The worker's <c>Config</c>. Default: empty.</summary>
    public IConfiguration Config { get; init; } = new ConfigurationBuilder().Build();

    /// <summary>How many earlier attempts did not finish the job. Default: 0.</summary>
    public int PriorAttempts { get; init; }

    /// <summary>Runs a job and returns when it is settled.</summary>
    /// <param name="body">The job's body, JSON.</param>
    /// <param name="cancel">Stops the worker: the job is requeued unless it ends in time.</param>
    public async Task<HarnessResult> RunAsync(string body, CancellationToken cancel = default)
    {
        worker.Json = new JobJson(json);
        worker.Json.Require(worker.JsonTypes, worker.GetType().Name);
        worker.Config = Config;
        var settings = options ?? new WorkerOptions();
        if (settings.Queue.Length == 0) settings.Queue = worker.GetType().Name.ToLowerInvariant();

        var bus = new MemoryBus();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        var context = new WorkerContext(
            worker, settings, bus, instruments, time ?? TimeProvider.System, NullLogger.Instance);

        var job = new InFlightJob(CreateDelivery(bus, body, Names.Queue(settings.Queue)));
        job.TryStart();
        var outcome = await new JobExecution(context).RunAsync(job, cancel);
        await new JobEnding(context).EndAsync(job, outcome);
        return bus.Result();
    }

    private Delivery CreateDelivery(MemoryBus bus, string body, string queue)
    {
        var headers = new Dictionary<string, object?>();
        if (PriorAttempts > 0) headers[HeaderNames.DeliveryCount] = (long)PriorAttempts;
        var properties = new BasicProperties
        {
            CorrelationId = "harness", ReplyTo = MemoryBus.ReplyTo, Headers = headers,
        };
        var info = new DeliveryInfo("harness", 1, PriorAttempts > 0, Names.Exchange, queue);
        return new Delivery(bus, info, properties, Encoding.UTF8.GetBytes(body));
    }
}
