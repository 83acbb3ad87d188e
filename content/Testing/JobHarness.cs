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
/// Runs a step on a job in memory, through the runtime's own code and without a broker, and keeps everything it says.
/// </summary>
/// <param name="worker">The step.</param>
/// <param name="json">The context given to AddWorker.</param>
/// <param name="options">Settings to test with; the defaults without.</param>
/// <param name="time">The clock to test with; the system's without.</param>
public sealed class JobHarness(Worker worker, IJsonTypeInfoResolver? json = null, WorkerOptions? options = null, TimeProvider? time = null)
{
    /// <summary>What the step's <c>Config</c> holds.</summary>
    public IConfiguration Config { get; init; } = new ConfigurationBuilder().Build();

    /// <summary>How often the job was delivered in vain before.</summary>
    public int EarlierAttempts { get; init; }

    /// <summary>Runs a job and returns when it is settled.</summary>
    /// <param name="body">The job's body, JSON.</param>
    /// <param name="cancel">Stops the worker: the job is handed back unless it ends in time.</param>
    public async Task<HarnessResult> RunAsync(string body, CancellationToken cancel = default)
    {
        worker.Json = new JobJson(json);
        worker.Json.Require(worker.JsonTypes, worker.GetType().Name);
        worker.Config = Config;
        var bus = new MemoryBus();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var instruments = new Instruments(services.GetRequiredService<IMeterFactory>());
        var clock = time ?? TimeProvider.System;
        var context = new WorkerContext(worker, Settings(), bus, instruments, clock, NullLogger.Instance);

        var job = new InFlightJob(Deliver(bus, body));
        job.TryStart();
        var outcome = await new JobExecution(context).RunAsync(job, cancel);
        await new JobEnding(context).EndAsync(job, outcome);
        return bus.Result();
    }

    private WorkerOptions Settings()
    {
        var settings = options ?? new WorkerOptions();
        if (settings.Queue.Length == 0) settings.Queue = worker.GetType().Name.ToLowerInvariant();
        return settings;
    }

    private Delivery Deliver(MemoryBus bus, string body)
    {
        var properties = new BasicProperties { CorrelationId = "harness", ReplyTo = MemoryBus.ReplyTo, Headers = new Dictionary<string, object?>() };
        if (EarlierAttempts > 0) properties.Headers[HeaderNames.DeliveryCount] = (long)EarlierAttempts;
        var info = new DeliveryInfo("harness", 1, EarlierAttempts > 0, Names.Exchange, Names.Queue(Settings().Queue));
        return new Delivery(bus, info, properties, Encoding.UTF8.GetBytes(body));
    }
}
